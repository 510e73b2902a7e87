//! Somebody else's document in Markdown (手引き, 契約条件) as a part of a page: headings, paragraphs,
//! lists, tables and code. Pictures, links and HTML in it are shown as their words and do nothing.

use maud::{Markup, html};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::table::{Cell, Column, Row, Table, table};

/// The whole document; `table_caption` is what its tables are called.
pub fn writing(text: &str, table_caption: &str) -> Markup {
    let mut writer = Writer { caption: table_caption, ..Writer::default() };
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        writer.take(event);
    }
    html! { @for block in &writer.blocks { (block) } }
}

/// What has been read of the document.
#[derive(Default)]
struct Writer<'w> {
    caption: &'w str,
    blocks: Vec<Markup>,
    /// The words of the block that is being read.
    words: String,
    /// The lists around it: the next number, none for a list without numbers.
    lists: Vec<Option<u64>>,
    /// The rows of the table that is being read, its heading first.
    rows: Vec<Vec<String>>,
}

impl Writer<'_> {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.words.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak => self.words.push('\n'),
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Rule => self.blocks.push(html! { hr; }),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::List(first) => {
                // A list within a list follows the words of its entry.
                match self.lists.is_empty() {
                    true => self.paragraph(),
                    false => self.item(),
                }
                self.lists.push(*first);
            }
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                let words = std::mem::take(&mut self.words);
                // The page has its own first heading.
                self.blocks.push(match level as u8 {
                    1 | 2 => html! { h2 { (words) } },
                    _ => html! { h3 { (words) } },
                });
            }
            TagEnd::Paragraph if self.lists.is_empty() => self.paragraph(),
            TagEnd::HtmlBlock => self.paragraph(),
            TagEnd::Item => self.item(),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::CodeBlock => {
                let words = std::mem::take(&mut self.words);
                self.blocks.push(html! { pre { (words) } });
            }
            TagEnd::TableCell => {
                let words = std::mem::take(&mut self.words);
                if let Some(row) = self.rows.last_mut() {
                    row.push(words);
                }
            }
            TagEnd::Table => self.table(),
            _ => {}
        }
    }

    fn paragraph(&mut self) {
        let words = std::mem::take(&mut self.words);
        if !words.trim().is_empty() {
            self.blocks.push(html! { p { (words) } });
        }
    }

    fn item(&mut self) {
        let words = std::mem::take(&mut self.words);
        if words.trim().is_empty() {
            return;
        }
        let depth = "　".repeat(self.lists.len().saturating_sub(1));
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "・".to_owned(),
        };
        self.blocks.push(html! { p { (depth) (mark) (words) } });
    }

    fn table(&mut self) {
        let mut rows = std::mem::take(&mut self.rows).into_iter();
        let heading = rows.next().unwrap_or_default();
        let rows: Vec<Vec<String>> = rows.collect();
        self.blocks.push(table(&Table {
            caption: self.caption,
            columns: heading.iter().map(|one| Column::text(one)).collect(),
            rows: rows
                .iter()
                .map(|row| Row {
                    href: None,
                    cells: row.iter().map(|one| Cell::Text(one)).collect(),
                })
                .collect(),
            empty: "",
            stacked: true,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(writing(text, "表").into_string(), expected, "{text}");
    }

    #[test]
    fn blocks_come_as_blocks() {
        check("# 題\n\n本文の**強い**語", "<h2>題</h2><p>本文の強い語</p>");
        check("- 一\n- 二\n", "<p>・一</p><p>・二</p>");
        check("1. 一\n2. 二\n   - 中\n", "<p>1. 一</p><p>2. 二</p><p>　・中</p>");
        check("```\na < b\n```\n", "<pre>a &lt; b\n</pre>");
    }

    #[test]
    fn nothing_in_it_does_anything() {
        check(
            "前 <b onclick=x>語</b> [名](javascript:alert(1)) ![絵](http://a/b)",
            "<p>前 &lt;b onclick=x&gt;語&lt;/b&gt; 名 絵</p>",
        );
        check("<script>x</script>\n", "<p>&lt;script&gt;x&lt;/script&gt;\n</p>");
    }

    #[test]
    fn a_table_has_its_heading_and_cells() {
        let found = writing("|用件|手続|\n|---|---|\n|転居|届|\n", "表").into_string();
        for part in ["<caption>表</caption>", "用件", "転居", "届"] {
            assert!(found.contains(part), "{part}: {found}");
        }
    }
}
