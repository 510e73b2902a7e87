//! Invented incomes of invented people, with who depends on whom: what employers, pension funds
//! and people themselves would report for one year. Drawn from the person's number; pure.
//!
//! Payers are invented companies whose number has no valid check digit.

use base::date::Date;
use jiff::ToSpan;
use population::{FactRow, Household, Person, State};

/// The last day of the year that is reported.
const END: Date = Date::constant(2025, 12, 31);
/// Who works and who depends.
const ADULT: i16 = 18;
/// From when on pensions are paid.
const OLD: i16 = 65;

/// Companies that pay salaries; has no divisor in common with seven.
const COMPANIES: u64 = 40;

/// The facts, after those of the organisation.
pub(super) const NAMES: [&str; 33] = [
    "支払者台帳の番号",
    "支払者台帳の名称",
    "給与の資料",
    "給与の資料番号",
    "給与の支払者番号",
    "給与の支払者名",
    "給与の特別徴収",
    "給与収入",
    "給与の社会保険料",
    "新一般生命保険料",
    "介護医療保険料",
    "地震保険料",
    "住宅借入金等の控除残額",
    "所得税の課税総所得金額等",
    "年金の資料",
    "年金の資料番号",
    "公的年金等収入",
    "年金の社会保険料",
    "申告の資料",
    "申告の資料番号",
    "営業等所得",
    "不動産所得",
    "申告の社会保険料",
    "医療費",
    "都道府県等への寄附金",
    "配偶者",
    "配偶者の生年月日",
    "配偶者の合計所得金額",
    "扶養されている",
    "資料扶養番号",
    "扶養の資料番号",
    "扶養の資料区分",
    "扶養者の宛名番号",
];

/// What somebody earns in the year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Income {
    salary: i64,
    pension: i64,
    business: i64,
    rent: i64,
}

impl Income {
    fn of(person: &Person, number: u64) -> Income {
        let age = age(person);
        if age < ADULT || !matches!(person.state, State::Living) {
            return Income::default();
        }
        let mut income = Income {
            business: draw(number, 1, 60, 7_000_000),
            rent: draw(number, 2, 30, 3_000_000),
            ..Income::default()
        };
        if age < OLD {
            // Most earn between two and seven million, a few of them much more.
            let base = draw(number, 3, 740, 5_000_000);
            let more = draw(number, 4, 300, 4_000_000);
            income.salary = if base > 0 { 600_000 + base + more } else { 0 };
        } else {
            income.pension = draw(number, 5, 950, 2_400_000);
            income.salary = draw(number, 6, 180, 3_000_000);
        }
        income
    }

    /// 合計所得金額, roughly: enough to say who depends on whom.
    fn total(self) -> i64 {
        let salary = (self.salary - 650_000).max(0) * 7 / 10;
        salary + (self.pension - 1_100_000).max(0) + self.business + self.rent
    }

    /// Files a return.
    fn files(self) -> bool {
        self.business > 0 || self.rent > 0
    }
}

/// Age at the end of the year.
fn age(person: &Person) -> i16 {
    i16::try_from(person.age(END)).unwrap_or_default()
}

/// Nothing for most; for `share` of a thousand up to `most`, in hundreds of yen.
fn draw(number: u64, what: u64, share: u64, most: u64) -> i64 {
    let mut state = (number << 8 | what).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    state ^= state >> 30;
    state = state.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state ^= state >> 27;
    state = state.wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^= state >> 31;
    if state % 1000 >= share {
        return 0;
    }
    i64::try_from((1 + (state >> 12) % (most / 100)) * 100).unwrap_or(0)
}

/// Of whom it is told.
pub(super) struct Told<'h> {
    pub household: &'h Household,
    /// The number of the household's first member.
    pub first: u64,
    /// The place of its head.
    pub head: usize,
}

/// The facts of a person: `at` is the position of the first, `shown` writes a number of the body.
pub(super) fn facts(
    told: &Told<'_>,
    person: &Person,
    (at, shown): (usize, &dyn Fn(u64) -> String),
    row: &mut FactRow<'_>,
) {
    let number = told.first + u64::from(person.index);
    let income = Income::of(person, number);
    let mut set = Setter { at, row };
    let premiums = income.salary * 148 / 1000;
    let payer = number * 7 % COMPANIES;
    if number <= COMPANIES {
        // The first people of a body each bring one of its companies, every one of them once.
        set.text("支払者台帳の番号", &format!("00000000{payer:05}"));
        set.text("支払者台帳の名称", PAYERS[(payer % 8) as usize]);
    }
    if income.salary > 0 {
        set.text("給与の資料", "1");
        set.text("給与の資料番号", &format!("11{number:010}"));
        // No check digit leads with a zero.
        set.text("給与の支払者番号", &format!("00000000{payer:05}"));
        set.text("給与の支払者名", PAYERS[(payer % 8) as usize]);
        set.text("給与の特別徴収", if income.salary > 1_000_000 { "1" } else { "0" });
        set.amount("給与収入", income.salary);
        set.amount("給与の社会保険料", premiums);
    }
    if income.salary > 0 || income.files() {
        set.amount("新一般生命保険料", draw(number, 10, 450, 120_000));
        set.amount("介護医療保険料", draw(number, 11, 400, 90_000));
        set.amount("地震保険料", draw(number, 12, 300, 50_000));
        set.amount("住宅借入金等の控除残額", draw(number, 13, 90, 120_000));
        set.amount("所得税の課税総所得金額等", (income.total() - 1_200_000).max(0));
    }
    let care = income.pension * 9 / 100;
    if income.pension > 0 {
        set.text("年金の資料", "1");
        set.text("年金の資料番号", &format!("12{number:010}"));
        set.amount("公的年金等収入", income.pension);
        set.amount("年金の社会保険料", care);
    }
    if income.files() {
        set.text("申告の資料", "1");
        set.text("申告の資料番号", &format!("13{number:010}"));
        set.amount("営業等所得", income.business);
        set.amount("不動産所得", income.rent);
        set.amount("申告の社会保険料", premiums + care + draw(number, 14, 900, 400_000));
        set.amount("医療費", draw(number, 15, 250, 600_000));
        set.amount("都道府県等への寄附金", draw(number, 16, 350, 100_000));
    }
    set.family(told, person, shown);
}

const PAYERS: [&str; 8] = [
    "見本商事株式会社",
    "見本製作所",
    "見本運輸株式会社",
    "見本食品株式会社",
    "見本建設株式会社",
    "見本福祉会",
    "見本電機株式会社",
    "見本銀行",
];

struct Setter<'r, 't> {
    at: usize,
    row: &'r mut FactRow<'t>,
}

impl Setter<'_, '_> {
    fn position(&self, name: &str) -> usize {
        // All names stand above.
        self.at + NAMES.iter().position(|own| *own == name).unwrap_or_default()
    }

    fn text(&mut self, name: &str, text: &str) {
        self.row.text(self.position(name), text);
    }

    /// Nothing is written for nothing.
    fn amount(&mut self, name: &str, yen: i64) {
        if yen > 0 {
            self.row.shown(self.position(name), yen);
        }
    }

    /// The spouse of the head, and those whom the head keeps.
    fn family(&mut self, told: &Told<'_>, person: &Person, shown: &dyn Fn(u64) -> String) {
        let Some(head) = told.household.members.get(told.head) else { return };
        let of = |one: &Person| Income::of(one, told.first + u64::from(one.index));
        let earned = of(head);
        let is_spouse = |one: &&Person| matches!(one.relationship, "妻" | "夫");
        let lives = |one: &&Person| matches!(one.state, State::Living);
        let spouse = told.household.members.iter().find(|one| is_spouse(one) && lives(one));
        if person.index as usize == told.head {
            if let Some((spouse, birth)) = spouse.and_then(|one| Some((one, certain(one)?))) {
                self.text("配偶者", "1");
                self.row.day(self.position("配偶者の生年月日"), birth);
                self.row.shown(self.position("配偶者の合計所得金額"), of(spouse).total());
            }
            return;
        }
        let own = of(person);
        let is_kept = !is_spouse(&person)
            && own.total() <= 580_000
            && (age(person) < ADULT || age(person) >= OLD)
            && (earned.salary > 0 || earned.files())
            && certain(person).is_some_and(|birth| birth <= END);
        if !is_kept {
            return;
        }
        let (kind, word) = if earned.files() { ("13", "3") } else { ("11", "1") };
        let head = told.first + told.head as u64;
        let number = told.first + u64::from(person.index);
        self.text("扶養されている", "1");
        self.text("資料扶養番号", &format!("21{number:010}"));
        self.text("扶養の資料番号", &format!("{kind}{head:010}"));
        self.text("扶養の資料区分", word);
        self.text("扶養者の宛名番号", &shown(head));
    }
}

/// The day of birth, where it is known; nobody is born in the future of the report.
fn certain(person: &Person) -> Option<Date> {
    match person.birth {
        population::Birth::Certain(day) => Some(day),
        population::Birth::Uncertain { .. } => None,
    }
    .filter(|day| *day <= END.saturating_add(1.day()))
}
