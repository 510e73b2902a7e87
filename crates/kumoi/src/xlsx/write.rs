//! Writes a spreadsheet of one sheet whose cells are all texts, so that no program takes a test
//! such as `-` or `1-2` for a formula or a date. The same cells give the same bytes.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context, Result};
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::letters;

/// How a cell looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Plain,
    /// Bold, on a coloured ground.
    Heading,
}

/// One sheet to write.
pub struct Page {
    pub name: &'static str,
    /// Rows from the first; an empty text leaves its cell empty.
    pub rows: Vec<Vec<(String, Look)>>,
    /// How many rows stay in sight above the others.
    pub frozen: usize,
}

/// The bytes of a spreadsheet (.xlsx).
pub fn workbook(page: &Page) -> Result<Vec<u8>> {
    let (sheet, list) = (sheet(page), book(page.name));
    archive(&[
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", &list),
        ("xl/_rels/workbook.xml.rels", BOOK_RELATIONS),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/sheet1.xml", &sheet),
    ])
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>
<Override PartName="/xl/styles.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>
</Types>"#;

const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="xl/workbook.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
</Relationships>"#;

const BOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="worksheets/sheet1.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>
<Relationship Id="rId2" Target="styles.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/>
</Relationships>"#;

/// Style 1 is a text (format 49), style 2 a heading.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<fonts count="2"><font><sz val="11"/><name val="游ゴシック"/></font>
<font><b/><sz val="11"/><name val="游ゴシック"/></font></fonts>
<fills count="3"><fill><patternFill patternType="none"/></fill>
<fill><patternFill patternType="gray125"/></fill>
<fill><patternFill patternType="solid"><fgColor rgb="FFE8EEF7"/></patternFill></fill></fills>
<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border>
<border><left style="thin"/><right style="thin"/><top style="thin"/><bottom style="thin"/>
<diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="49" fontId="0" fillId="0" borderId="1" xfId="0" applyNumberFormat="1"
 applyBorder="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>
<xf numFmtId="49" fontId="1" fillId="2" borderId="1" xfId="0" applyNumberFormat="1"
 applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">
<alignment vertical="top" wrapText="1"/></xf></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"#;

fn book(name: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<workbook \
         xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
         xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">\
         <bookViews><workbookView/></bookViews>\
         <sheets><sheet name=\"{}\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
        escaped(name)
    )
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let text = text.replace('"', "&quot;");
    text.chars().filter(|sign| !sign.is_control() || matches!(sign, '\n' | '\t')).collect()
}

fn sheet(page: &Page) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet \
         xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetViews>\
         <sheetView workbookViewId=\"0\">",
    );
    if page.frozen > 0 {
        let (split, first) = (page.frozen, page.frozen + 1);
        let _ = write!(
            out,
            "<pane ySplit=\"{split}\" topLeftCell=\"A{first}\" activePane=\"bottomLeft\" \
             state=\"frozen\"/>"
        );
    }
    out += "</sheetView></sheetViews><cols>";
    let columns = page.rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
    for column in 0..columns {
        let texts = page.rows.iter().filter_map(|row| row.get(column));
        let widest = texts.map(|(text, _)| width(text)).max().unwrap_or(0).clamp(8, 60) + 2;
        let at = column + 1;
        let _ = write!(
            out,
            "<col min=\"{at}\" max=\"{at}\" width=\"{widest}\" style=\"1\" customWidth=\"1\"/>"
        );
    }
    out += "</cols><sheetData>";
    for (at, row) in page.rows.iter().enumerate() {
        let at = at + 1;
        let _ = write!(out, "<row r=\"{at}\">");
        for (column, (text, look)) in (1..).zip(row) {
            let (reference, style) = (letters(column), if *look == Look::Plain { 1 } else { 2 });
            let _ = match text.as_str() {
                "" => write!(out, "<c r=\"{reference}{at}\" s=\"{style}\"/>"),
                text => write!(
                    out,
                    "<c r=\"{reference}{at}\" s=\"{style}\" t=\"inlineStr\"><is>\
                     <t xml:space=\"preserve\">{}</t></is></c>",
                    escaped(text)
                ),
            };
        }
        out += "</row>";
    }
    // Figures are texts here, which programs would otherwise mark as a slip.
    let _ = write!(
        out,
        "</sheetData><ignoredErrors><ignoredError sqref=\"A1:{}999\" numberStoredAsText=\"1\"/>\
         </ignoredErrors></worksheet>",
        letters(u32::try_from(columns).unwrap_or(1))
    );
    out
}

/// The columns a text takes, letters of East Asia being two wide; of its longest line.
fn width(text: &str) -> usize {
    let wide = |sign: char| if sign < '\u{1100}' { 1 } else { 2 };
    text.lines().map(|line| line.chars().map(wide).sum()).max().unwrap_or(0)
}

/// The first of January 1980, as archives write days.
const DAY: [u8; 4] = [0, 0, 0x21, 0];

/// A packed archive of these parts, by name.
pub fn archive(parts: &[(&str, &str)]) -> Result<Vec<u8>> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in parts {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
        packer.write_all(text.as_bytes())?;
        let packed = packer.finish()?;
        let mut sum = Crc::new();
        sum.update(text.as_bytes());
        let at = number(out.len())?;
        let mut common = vec![20, 0, 0, 8, 8, 0];
        common.extend(DAY);
        common.extend(sum.sum().to_le_bytes());
        common.extend(number(packed.len())?);
        common.extend(number(text.len())?);
        common.extend(short(name.len())?);
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at);
        directory.extend(name.as_bytes());
    }
    let (at, length, count) = (out.len(), directory.len(), short(parts.len())?);
    out.extend(directory);
    out.extend(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend([count, count].concat());
    out.extend(number(length)?);
    out.extend(number(at)?);
    out.extend([0, 0]);
    Ok(out)
}

fn number(size: usize) -> Result<[u8; 4]> {
    u32::try_from(size).map(u32::to_le_bytes).context("表が大きすぎます")
}

fn short(size: usize) -> Result<[u8; 2]> {
    u16::try_from(size).map(u16::to_le_bytes).context("表が大きすぎます")
}
