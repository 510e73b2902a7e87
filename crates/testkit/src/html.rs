//! Reading pages as text, without a parser: enough for pages that the house writes itself.

/// What stands between `before` and the next `after`.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let start = text.find(before)? + before.len();
    let length = text[start..].find(after)?;
    Some(&text[start..start + length])
}

/// The page without tags; every tag counts as a line break.
pub fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut inside = false;
    for sign in html.chars() {
        match sign {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push('\n');
            }
            _ if !inside => out.push(sign),
            _ => {}
        }
    }
    let lines = out.lines().map(str::trim).filter(|line| !line.is_empty());
    unescape(&lines.collect::<Vec<_>>().join("\n"))
}

/// The cells of every table row, as plain text.
pub fn rows(html: &str) -> Vec<Vec<String>> {
    let cell = |cell: &str| plain(cell.split_once('>').map_or("", |(_, text)| text));
    let row = |row: &str| {
        let row = row.split("</tr>").next().unwrap_or_default();
        let row = row.replace("<th", "<td").replace("</th>", "</td>");
        row.split("<td").skip(1).map(cell).collect::<Vec<String>>()
    };
    html.split("<tr").skip(1).map(row).filter(|cells| !cells.is_empty()).collect()
}

/// All addresses of links that contain `part`, in the order of the page.
pub fn links(html: &str, part: &str) -> Vec<String> {
    let href = |piece: &str| piece.split('"').next().map(unescape);
    let all = html.split("href=\"").skip(1).filter_map(href);
    all.filter(|link| link.contains(part)).collect()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_links_and_words_are_read() {
        let page = "<table><tr class=\"x\"><th>番号</th></tr><tr><td>7</td>\
                    <td><a href=\"/a?x=1&amp;y\">雲井</a></td></tr></table>";
        assert_eq!(rows(page), [vec!["番号"], vec!["7", "雲井"]]);
        assert_eq!(links(page, "/a"), ["/a?x=1&y"]);
        assert_eq!(plain(page), "番号\n7\n雲井");
        assert_eq!(between(page, "<td>", "</td>"), Some("7"));
    }
}
