//! The timeline against a model that knows only days, and cases chosen by hand.

use jiff::ToSpan;
use proptest::prelude::*;

use super::*;

const DAYS: usize = 40;
const ITEMS: usize = 3;

/// What holds on each day; `None` before the row begins.
#[derive(Clone, Debug, PartialEq)]
struct Days {
    values: Vec<Option<[i64; ITEMS]>>,
    closed_on: Option<usize>,
}

#[derive(Clone, Debug)]
enum Step {
    Amend(usize, Vec<(usize, i64)>),
    Correct(Vec<(usize, i64)>),
    Close(usize, Vec<(usize, i64)>),
}

impl Days {
    fn amend(&mut self, day: usize, patch: &[(usize, i64)]) {
        let first = self.values.iter().position(Option::is_some).unwrap();
        for earlier in day..first {
            self.values[earlier] = self.values[first];
        }
        let now = self.values[DAYS - 1].unwrap();
        for (item, value) in patch.iter().filter(|(item, value)| now[*item] != *value) {
            let before = self.values[day].unwrap()[*item];
            for values in self.values[day..].iter_mut().flatten() {
                if values[*item] != before {
                    break;
                }
                values[*item] = *value;
            }
        }
    }

    fn correct(&mut self, patch: &[(usize, i64)]) {
        for (item, value) in patch {
            let wrong = self.values[DAYS - 1].unwrap()[*item];
            for values in self.values.iter_mut().rev().flatten() {
                if values[*item] != wrong {
                    break;
                }
                values[*item] = *value;
            }
        }
    }
}

fn date(day: usize) -> Date {
    base::date::Date::constant(2024, 1, 1) + i64::try_from(day).unwrap().days()
}

fn patch_of(patch: &[(usize, i64)]) -> Vec<(usize, Option<ItemValue>)> {
    patch.iter().map(|(item, value)| (*item, Some(ItemValue::Integer(*value)))).collect()
}

fn days_of(course: &[Segment]) -> Days {
    let on = |day: usize| {
        let segment = course.iter().rfind(|segment| segment.from <= date(day))?;
        Some(std::array::from_fn(|item| match segment.values[item] {
            Some(ItemValue::Integer(value)) => value,
            _ => panic!("a number"),
        }))
    };
    let closed = course.last().and_then(|last| last.closed_on);
    let closed_on = closed.map(|day| (0..DAYS).find(|at| date(*at) == day).unwrap());
    Days { values: (0..DAYS).map(on).collect(), closed_on }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let patch = || {
        prop::collection::btree_map(0..ITEMS, 0..4_i64, 0..=ITEMS)
            .prop_map(|patch| patch.into_iter().collect::<Vec<_>>())
    };
    let step = prop_oneof![
        6 => (0..DAYS, patch()).prop_map(|(day, patch)| Step::Amend(day, patch)),
        2 => patch().prop_map(Step::Correct),
        1 => (0..DAYS, patch()).prop_map(|(day, patch)| Step::Close(day, patch)),
    ];
    prop::collection::vec(step, 1..10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn it_agrees_with_counting_days(first in 0..DAYS, steps in steps()) {
        let begin = Segment {
            from: date(first),
            values: vec![Some(ItemValue::Integer(0)); ITEMS],
            closed_on: None,
        };
        let mut course = vec![begin];
        let mut model = days_of(&course);
        for step in &steps {
            course = match step {
                Step::Amend(day, patch) => {
                    model.amend(*day, patch);
                    amend(&course, date(*day), &patch_of(patch))
                }
                Step::Correct(patch) => {
                    model.correct(patch);
                    correct(&course, &patch_of(patch))
                }
                Step::Close(day, patch) => {
                    model.amend(*day, patch);
                    model.closed_on = Some(*day);
                    close(&course, date(*day), &patch_of(patch))
                }
            };
            prop_assert_eq!(&days_of(&course), &model, "after {:?}", step);
            for pair in course.windows(2) {
                prop_assert!(pair[0].from < pair[1].from, "in order");
                prop_assert!(pair[0].values != pair[1].values, "merged");
                prop_assert!(pair[0].closed_on.is_none(), "closed at the end only");
            }
        }
    }
}

fn texts(course: &[(usize, [i64; ITEMS])]) -> Vec<Segment> {
    let segment = |(day, values): &(usize, [i64; ITEMS])| Segment {
        from: date(*day),
        values: values.iter().map(|value| Some(ItemValue::Integer(*value))).collect(),
        closed_on: None,
    };
    course.iter().map(segment).collect()
}

#[track_caller]
fn check(
    before: &[(usize, [i64; ITEMS])],
    (day, patch): (usize, &[(usize, i64)]),
    expect: &[(usize, [i64; ITEMS])],
) {
    assert_eq!(amend(&texts(before), date(day), &patch_of(patch)), texts(expect));
}

#[test]
fn late_and_repeated_changes() {
    // A late change stops where the item was changed afterwards.
    check(
        &[(0, [0; 3]), (10, [1, 0, 0])],
        (5, &[(0, 7)]),
        &[(0, [0; 3]), (5, [7, 0, 0]), (10, [1, 0, 0])],
    );
    // A second change of the same day replaces the first, also past a change of another item.
    check(
        &[(0, [0; 3]), (10, [1, 0, 0]), (15, [1, 2, 0])],
        (10, &[(0, 7)]),
        &[(0, [0; 3]), (10, [7, 0, 0]), (15, [7, 2, 0])],
    );
    // What a late change hands over unchanged stays where it is.
    check(
        &[(0, [0; 3]), (10, [1, 0, 0])],
        (5, &[(0, 1), (1, 9)]),
        &[(0, [0; 3]), (5, [0, 9, 0]), (10, [1, 9, 0])],
    );
}
