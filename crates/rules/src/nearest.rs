//! The name a writer may have meant: smallest edit distance, by character.

/// The candidates nearest to `name`, if near enough to be worth naming: one, or up to three that
/// are equally near.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Vec<&'a str> {
    let wanted: Vec<char> = name.chars().take(MAX_LENGTH).collect();
    let near = candidates.into_iter().filter_map(|candidate| {
        let other: Vec<char> = candidate.chars().take(MAX_LENGTH).collect();
        let longer = wanted.len().max(other.len());
        let allowed = (longer / 2).max(1);
        let gap = distance(&wanted, &other);
        let related = candidate.contains(name) || name.contains(candidate);
        ((gap <= allowed && gap < longer) || related).then_some((gap, candidate))
    });
    let mut near: Vec<(usize, &str)> = near.collect();
    near.sort_unstable();
    near.dedup();
    let least = near.first().map(|(gap, _)| *gap);
    let nearest = near.into_iter().take_while(|(gap, _)| Some(*gap) == least);
    nearest.take(3).map(|(_, candidate)| candidate).collect()
}

const MAX_LENGTH: usize = 64;

fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replace = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_the_meant_name() {
        #[track_caller]
        fn check(name: &str, expect: &[&str]) {
            let candidates = ["生年月日", "続柄", "所得割額", "income", "年齢", "年度"];
            assert_eq!(nearest(name, candidates), expect);
        }
        check("生年月", &["生年月日"]);
        check("生年月曰", &["生年月日"]);
        check("所得額", &["所得割額"]);
        check("incme", &["income"]);
        check("続", &["続柄"]);
        check("電話番号", &[]);
        check("年令", &["年度", "年齢"]);
    }
}
