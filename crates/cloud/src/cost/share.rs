//! Splitting yen by weights so that the parts sum exactly to the whole: largest remainder
//! (最大剰余法), equal remainders in the order given. Deterministic; nothing is lost or made.

/// A part of a whole, with how it comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Yen.
    pub yen: i64,
    /// Its weight.
    pub weight: i128,
    /// All weights together.
    pub weights: i128,
    /// Whether it got one of the yen that were left over.
    pub extra: bool,
}

/// Splits `yen` (may be negative) by weights that are not negative; `None` if all are nothing, one
/// is negative, or the numbers are too large to stay exact.
pub fn split(yen: i64, weights: &[i128]) -> Option<Vec<Part>> {
    if weights.iter().any(|weight| *weight < 0) {
        return None;
    }
    let sum = weights.iter().try_fold(0_i128, |sum, weight| sum.checked_add(*weight))?;
    if sum == 0 {
        return None;
    }
    let whole = i128::from(yen).abs();
    let mut parts = Vec::with_capacity(weights.len());
    let mut left = whole;
    for (at, weight) in weights.iter().enumerate() {
        let product = whole.checked_mul(*weight)?;
        left -= product / sum;
        parts.push((at, product / sum, product % sum));
    }
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| parts[*b].2.cmp(&parts[*a].2).then(a.cmp(b)));
    // Fewer yen are left than there are remainders.
    let mut extra = vec![false; parts.len()];
    for at in order.into_iter().take(usize::try_from(left).ok()?) {
        extra[at] = true;
    }
    let sign = if yen < 0 { -1 } else { 1 };
    let part = |(at, floor, _): &(usize, i128, i128)| {
        let yen = i64::try_from(sign * (floor + i128::from(extra[*at]))).ok()?;
        Some(Part { yen, weight: weights[*at], weights: sum, extra: extra[*at] })
    };
    parts.iter().map(part).collect()
}

/// Cuts exact amounts in millionths of a yen, of either sign, to whole yen that sum to `yen`:
/// each to the yen below, and what is left over by the largest remainders. `None` if nobody is
/// there to bear what is left, or the numbers are too large.
pub fn settle(yen: i64, exact: &[i128]) -> Option<Vec<i64>> {
    const YEN: i128 = 1_000_000;
    let floors: Vec<i128> = exact.iter().map(|it| it.div_euclid(YEN)).collect();
    let sum = floors.iter().try_fold(0_i128, |sum, it| sum.checked_add(*it))?;
    let left = i128::from(yen).checked_sub(sum)?;
    if exact.is_empty() {
        return (left == 0).then(Vec::new);
    }
    let mut order: Vec<usize> = (0..exact.len()).collect();
    order.sort_by_key(|at| (-exact[*at].rem_euclid(YEN), *at));
    let each = left.div_euclid(exact.len() as i128);
    let more = usize::try_from(left.rem_euclid(exact.len() as i128)).ok()?;
    let mut parts: Vec<i128> = floors.iter().map(|it| it + each).collect();
    for at in order.into_iter().take(more) {
        parts[at] += 1;
    }
    parts.into_iter().map(|it| i64::try_from(it).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_of_either_sign_are_cut_to_what_they_sum_to() {
        let check = |yen, exact: &[i128], expect: &[i64]| {
            assert_eq!(settle(yen, exact).unwrap(), expect, "{exact:?}");
        };
        check(500, &[500_000_000], &[500]);
        check(-51, &[-50_500_000], &[-51]);
        check(-50, &[-50_500_000], &[-50]);
        check(8, &[-2_600_000, 10_700_000], &[-3, 11]);
        check(0, &[], &[]);
        assert_eq!(settle(1, &[]), None);
    }

    #[track_caller]
    fn check(yen: i64, weights: &[i128], expect: &[i64]) {
        let got: Vec<i64> = split(yen, weights).unwrap().iter().map(|part| part.yen).collect();
        assert_eq!(got, expect);
    }

    #[test]
    fn left_over_yen_go_to_the_largest_remainders() {
        check(100, &[1, 1, 1], &[34, 33, 33]);
        check(101, &[1, 1, 1], &[34, 34, 33]);
        check(10, &[3, 3, 1], &[4, 4, 2]);
        check(-100, &[1, 1, 1], &[-34, -33, -33]);
        check(7, &[0, 5, 0], &[0, 7, 0]);
        check(0, &[1, 2], &[0, 0]);
        assert_eq!(split(5, &[0, 0]), None);
        assert_eq!(split(5, &[1, -1]), None);
        assert_eq!(split(5, &[]), None);
        assert_eq!(split(i64::MAX, &[i128::MAX / 2, 1]), None);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(
            yen in -1_000_000_000_000_i64..1_000_000_000_000,
            weights in prop::collection::vec(0_i128..1_000_000_000_000_000, 1..60),
        ) {
            prop_assume!(weights.iter().any(|it| *it > 0));
            let parts = split(yen, &weights).unwrap();
            prop_assert_eq!(parts.iter().map(|part| part.yen).sum::<i64>(), yen);
            // Nobody is off by a yen or more.
            for part in parts {
                let off = i128::from(part.yen) * part.weights - i128::from(yen) * part.weight;
                prop_assert!(off.abs() < part.weights);
            }
        }
    }
}
