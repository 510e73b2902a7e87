//! CSV for a spreadsheet: what an official saves from a page.

use csv::WriterBuilder;

/// The lines as CSV. Begins with a byte order mark, without which spreadsheets take the text for
/// Shift_JIS; no cell is taken for a formula.
pub fn sheet(lines: &[Vec<String>]) -> String {
    let mut writer = WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for line in lines {
        // Into memory: there is nothing that could fail.
        let _ = writer.write_record(line.iter().map(|cell| harmless(cell)));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    format!("\u{FEFF}{}", String::from_utf8_lossy(&bytes))
}

/// A text that no spreadsheet takes for a formula; a number keeps its sign.
fn harmless(cell: &str) -> String {
    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    match begins && cell.parse::<i64>().is_err() {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::sheet;

    #[test]
    fn a_cell_is_no_formula_and_keeps_its_commas() {
        let line = ["=HYPERLINK(1)", "-5", "-5+1", "一,二", "改\n行"].map(str::to_owned);
        let text = sheet(&[line.to_vec(), vec!["".to_owned(), "甲".to_owned()]]);
        assert_eq!(text, "\u{FEFF}'=HYPERLINK(1),-5,'-5+1,\"一,二\",\"改\n行\"\n,甲\n");
    }
}
