//! An analysis as CSV for a spreadsheet: one line a requirement, two columns an offer.

use super::{COLUMNS, OfferFit, Requirement};
use crate::sheet;

/// The table with offers by their labels.
pub fn analysis_csv(requirements: &[&Requirement], offers: &[(String, &OfferFit)]) -> String {
    let mut head: Vec<String> = COLUMNS.map(str::to_owned).into();
    for (label, _) in offers {
        head.extend([format!("{label} 判定"), format!("{label} 根拠")]);
    }
    let mut lines = vec![head];
    for (at, one) in requirements.iter().enumerate() {
        let (number, business) = (one.number.clone(), one.business.clone());
        let weight = one.weight.word().to_owned();
        let mut line = vec![number, business, one.step.clone(), one.needs.clone(), weight];
        for answer in offers.iter().filter_map(|(_, fit)| fit.answers.get(at)) {
            line.extend([answer.verdict.word().to_owned(), answer.evidence.join("。")]);
        }
        lines.push(line);
    }
    let mut score = vec!["適合の割合".to_owned(), String::new(), String::new()];
    score.extend([String::new(), String::new()]);
    for (_, fit) in offers {
        score.extend([format!("{} %", fit.score.percent().0), fit.score.trace()]);
    }
    lines.push(score);
    sheet(&lines)
}
