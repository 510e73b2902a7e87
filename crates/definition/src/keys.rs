//! The tables of keys and words that definition files may use, with what each means.
//!
//! The loader reads with these tables and the editors' JSON Schemas are made from them, so that
//! neither can know a key that the other does not.

mod procedure;
mod standard;

use crate::model::{
    Certainty, NumberSeries, ProcedureKind, SampleEach, Search, Selection, Subject,
};

pub(crate) use crate::load::FORMATS;
pub(crate) use procedure::*;
pub(crate) use standard::*;

/// One key of a map.
#[derive(Debug)]
pub(crate) struct Key {
    /// As written.
    pub name: &'static str,
    /// Always written.
    pub required: bool,
    /// What stands after the colon.
    pub shape: Shape,
    /// What it means, for editors and messages.
    pub about: &'static str,
}

/// What stands after a colon.
#[derive(Debug)]
pub(crate) enum Shape {
    Text,
    Expression,
    Whole,
    Number,
    Flag,
    /// One word of a closed set.
    Word(fn() -> Vec<&'static str>),
    /// A list of names.
    Names,
    /// The word `all` or a list of names.
    NamesOrAll,
    Map(&'static [Key]),
    List(&'static [Key]),
    /// A list of maps, or of names that stand for them.
    NamedList(&'static [Key]),
    /// Free names with one shape.
    Free(&'static Shape),
    /// A text, or a map.
    TextOr(&'static [Key]),
    /// An expression, or a map with these keys and free ones.
    ExpressionOr(&'static [Key]),
}

const fn must(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, required: true, shape, about }
}

const fn may(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, required: false, shape, about }
}

/// The words of a table of words.
pub(crate) fn words<T>(table: &'static [(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(word, _)| *word).collect()
}

pub(crate) const PROCEDURE_KINDS: &[(&str, ProcedureKind)] = &[
    ("notification", ProcedureKind::Notification),
    ("official", ProcedureKind::Official),
    ("certificate", ProcedureKind::Certificate),
    ("reaction", ProcedureKind::Reaction),
];
pub(crate) const SELECTIONS: &[(&str, Selection)] =
    &[("new", Selection::New), ("one", Selection::One), ("related", Selection::Related)];
pub(crate) const SUBJECTS: &[(&str, Subject)] =
    &[("person", Subject::Person), ("household", Subject::Household), ("thing", Subject::Thing)];
pub(crate) const SEARCHES: &[(&str, Search)] = &[
    ("kana", Search::Kana),
    ("name", Search::Name),
    ("address", Search::Address),
    ("date", Search::Date),
    ("exact", Search::Exact),
];
pub(crate) const SERIES: &[(&str, NumberSeries)] = &[
    ("addressee", NumberSeries::Addressee),
    ("household", NumberSeries::Household),
    ("plain", NumberSeries::Plain),
];
pub(crate) const CERTAINTIES: &[(&str, Certainty)] =
    &[("V", Certainty::Checked), ("K", Certainty::Statute), ("P", Certainty::ToVerify)];
pub(crate) const SAMPLE_EACH: &[(&str, SampleEach)] =
    &[("person", SampleEach::Person), ("household", SampleEach::Household)];

/// Types of items, as the standard's legend writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemWord {
    HalfWidth,
    FullWidth,
    Unsigned,
    Signed,
    Date,
    Time,
    Code,
    Flag,
}

pub(crate) const ITEM_TYPES: &[(&str, ItemWord)] = &[
    ("X", ItemWord::HalfWidth),
    ("Ｎ", ItemWord::FullWidth),
    ("9", ItemWord::Unsigned),
    ("S9", ItemWord::Signed),
    ("DATE", ItemWord::Date),
    ("TIME", ItemWord::Time),
    ("code", ItemWord::Code),
    ("flag", ItemWord::Flag),
];

/// Types of form fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldWord {
    Text,
    Integer,
    Date,
    Code,
    Codes,
    Flag,
    Subject,
    Event,
}

pub(crate) const FIELD_TYPES: &[(&str, FieldWord)] = &[
    ("text", FieldWord::Text),
    ("integer", FieldWord::Integer),
    ("date", FieldWord::Date),
    ("code", FieldWord::Code),
    ("codes", FieldWord::Codes),
    ("flag", FieldWord::Flag),
    ("subject", FieldWord::Subject),
    ("event", FieldWord::Event),
];

pub(crate) const SYSTEM: &[Key] = &[
    must("id", Shape::Text, "識別名。英小文字・数字・ハイフン（例 reading-card）"),
    must("code", Shape::Text, "業務ID（標準の三桁の番号。引用符で囲む）"),
    must("name", Shape::Text, "業務システムの正式名称"),
    must("name_en", Shape::Text, "英語名"),
    must("statute", Shape::Text, "根拠法令"),
    may("standard", Shape::Map(STANDARD), "準拠する標準仕様書"),
    must("version", Shape::Text, "この定義の版"),
    may("bodies", Shape::Names, "適用する団体の種別（municipality など）"),
    may("uses", Shape::List(USE), "他の業務システムから読む公開項目"),
    may("events", Shape::List(EVENT), "本登録のときに公開する事象"),
    may("limits", Shape::Names, "まだ扱わないこと（文で書く）"),
];

pub(crate) const STANDARD: &[Key] = &[
    must("name", Shape::Text, "標準仕様書の名称"),
    must("version", Shape::Text, "版（引用符で囲む）"),
];

pub(crate) const USE: &[Key] = &[
    must("name", Shape::Text, "式の中での名前（例 住民）"),
    must("system", Shape::Text, "相手の業務システムの id"),
    must("register", Shape::Text, "相手の台帳の id"),
    must("key", Shape::Text, "相手の主キーの項目名。同じ名前の欄か対象者の項目で行を選ぶ"),
    must("items", Shape::List(ITEM), "読む項目"),
];

pub(crate) const EVENT: &[Key] = &[
    must("id", Shape::Text, "事象の識別名（例 card-issued）"),
    must("name", Shape::Text, "事象の名称"),
    must("name_en", Shape::Text, "英語名"),
    must("register", Shape::Text, "対象者の台帳の id"),
    may("items", Shape::Names, "載せる項目。秘密の項目は載せられない"),
];

pub(crate) const REGISTER: &[Key] = &[
    must("id", Shape::Text, "識別名。ファイル名と同じ"),
    must("name", Shape::Text, "台帳の名称"),
    must("name_en", Shape::Text, "英語名"),
    may("subject", Shape::Word(|| words(SUBJECTS)), "主キーが指すもの"),
    must("key", Shape::Text, "主キーの項目名"),
    must("title", Shape::Text, "行を人に示す項目名（例 氏名）"),
    must("items", Shape::List(ITEM), "項目"),
    may("relations", Shape::List(RELATION), "関係する行（世帯員など）"),
    may("concealed_by", Shape::Text, "立っている間、所在を隠すフラグの項目名（支援措置）"),
    may(
        "restricted",
        Shape::Flag,
        "支援措置担当だけが開ける台帳（ほかの人には無いものとして答える）",
    ),
    may("published", Shape::Map(PUBLISHED), "本人がインターネットから見るための照合と公開の項目"),
];

pub(crate) const PUBLISHED: &[Key] = &[
    must("name", Shape::Text, "氏名の項目"),
    must("birth", Shape::Text, "生年月日の項目"),
    must("sex", Shape::Text, "性別の項目"),
    must("address", Shape::Names, "住所をなす項目（順に）"),
    may("household", Shape::Text, "氏名を見せる関係（世帯員）"),
    may("withheld", Shape::Names, "公開しない項目"),
];

pub(crate) const ITEM: &[Key] = &[
    may("no", Shape::Text, "標準のデータ項目ID（八桁）"),
    must("name", Shape::Text, "項目名称"),
    must("name_en", Shape::Text, "英語名"),
    must("romaji", Shape::Text, "ローマ字名。列の名前になる"),
    must("type", Shape::Word(|| words(ITEM_TYPES)), "型"),
    may("length", Shape::Whole, "桁数（X、Ｎ、9、S9 のとき）"),
    may("codes", Shape::Text, "コード一覧の名称（code のとき）"),
    may("uncertain", Shape::Flag, "不詳日を許す（DATE のとき）"),
    may("required", Shape::Flag, "必ず入れる"),
    may("group", Shape::Text, "見出し。次の項目にも続く"),
    may("group_en", Shape::Text, "英語の見出し。見出しの初めの項目に書く"),
    may("search", Shape::Word(|| words(SEARCHES)), "検索のしかた"),
    may("format", Shape::Word(|| words(FORMATS)), "番号の体系や語彙"),
    may("secret", Shape::Flag, "暗号化して保存し、画面では伏せる"),
    may("conceal", Shape::Flag, "支援措置の間は隠す"),
    may("internal", Shape::Flag, "画面に出さない"),
    may("western_with", Shape::Text, "この項目に値がある行では、日付を西暦で書く"),
];

pub(crate) const RELATION: &[Key] = &[
    must("name", Shape::Text, "式の中での名前"),
    must("name_en", Shape::Text, "英語名"),
    must("register", Shape::Text, "相手の台帳の id"),
    must("by", Shape::Text, "両方の台帳にある、値の等しい項目"),
    may("many", Shape::Flag, "何行もある（一覧になる）"),
];

pub(crate) const CODES: &[Key] = &[
    must("name", Shape::Text, "コード一覧の名称"),
    may("source", Shape::Text, "出典"),
    must("entries", Shape::Free(&Shape::TextOr(CODE_ENTRY)), "コード: { name, name_en }"),
];

pub(crate) const CODE_ENTRY: &[Key] =
    &[must("name", Shape::Text, "コードの名称"), must("name_en", Shape::Text, "英語名")];

pub(crate) const PARAMETER: &[Key] = &[
    must("name", Shape::Text, "式の中での名前"),
    must(
        "unit",
        Shape::Text,
        "単位（yen、yen/month、rate、days、months、years、persons、none など）",
    ),
    may("ordinance", Shape::Flag, "条例で団体ごとに定める"),
    must(
        "values",
        Shape::Free(&Shape::TextOr(PARAMETER_VALUE)),
        "施行日: { value, source, checked }",
    ),
];

pub(crate) const PARAMETER_VALUE: &[Key] = &[
    must("value", Shape::Number, "値（小数は九桁まで）"),
    must("source", Shape::Text, "条文・告示"),
    must("checked", Shape::Word(|| words(CERTAINTIES)), "V 原典で確認、K 法文、P 要確認"),
];

pub(crate) const CALCULATION: &[Key] = &[
    must("id", Shape::Text, "識別名。ファイル名と同じ"),
    must("name", Shape::Text, "算定の名前"),
    must("name_en", Shape::Text, "英語名"),
    must("statute", Shape::Text, "根拠の条文"),
    must("day", Shape::Text, "どの日の法令によるか（日付の事実の名前）"),
    must("facts", Shape::List(FACT), "算定に使う事実"),
    must("results", Shape::Names, "求める規則。要素ごとの値は「一覧.規則」"),
];

pub(crate) const FACT: &[Key] = &[
    must("name", Shape::Text, "規則の中での名前"),
    must("name_en", Shape::Text, "英語名"),
    may("type", Shape::Word(|| words(FACT_TYPES)), "型（一覧のときは書かない）"),
    may("scale", Shape::Whole, "number の小数の桁（九まで）"),
    may("codes", Shape::Text, "code のコード一覧の名称"),
    may("unit", Shape::Text, "単位。一覧のときは、数えたときの単位"),
    may("each", Shape::Text, "一覧のとき: 要素一つの、規則の中での名前"),
    may("shown", Shape::Text, "一覧のとき: 要素を人に示す項目"),
    may("fields", Shape::List(FACT_FIELD), "一覧のとき: 要素の項目"),
];

pub(crate) const FACT_FIELD: &[Key] = &[
    must("name", Shape::Text, "規則の中での名前"),
    must("name_en", Shape::Text, "英語名"),
    must("type", Shape::Word(|| words(FACT_TYPES)), "型"),
    may("scale", Shape::Whole, "number の小数の桁（九まで）"),
    may("codes", Shape::Text, "code のコード一覧の名称"),
    may("unit", Shape::Text, "単位"),
];

/// Types of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactWord {
    Integer,
    Number,
    Text,
    Code,
    Date,
    Flag,
}

pub(crate) const FACT_TYPES: &[(&str, FactWord)] = &[
    ("integer", FactWord::Integer),
    ("number", FactWord::Number),
    ("text", FactWord::Text),
    ("code", FactWord::Code),
    ("date", FactWord::Date),
    ("flag", FactWord::Flag),
];

/// How a calculation is called among the values of a procedure.
pub(crate) const CALL: &[Key] = &[must("calculate", Shape::Text, "算定の id。ほかは「事実: 式」")];

pub(crate) const RUN: &[Key] = &[
    must("id", Shape::Text, "識別名。ファイル名と同じ"),
    must("name", Shape::Text, "一括処理の名前"),
    must("name_en", Shape::Text, "英語名"),
    must("statute", Shape::Text, "根拠の条文"),
    may("order", Shape::Whole, "並ぶ順"),
    may("guidance", Shape::Text, "始める前に知ること"),
    may("guidance_en", Shape::Text, "英語の案内"),
    must("procedure", Shape::Text, "一人ずつに行う手続の id"),
    may("asks", Shape::List(RUN_ASK), "始めるときに聞くこと（全員に同じ）"),
    must("subjects", Shape::Text, "誰について行うか（uses の名前か、自分の台帳の id）"),
    may("lists", Shape::Free(&Shape::Map(RUN_LIST)), "対象者ごとの行の並び"),
    may("only", Shape::Expression, "この条件を満たす人だけ"),
    may("values", Shape::Free(&Shape::Expression), "導く値。後の式で使う"),
    may("checks", Shape::List(RUN_CHECK), "満たさない人は待たせて理由を示す"),
    must("inputs", Shape::Free(&Shape::Expression), "手続の欄: 式。書かない欄は空"),
    may("totals", Shape::Names, "集計する項目（開く行の項目）"),
    may("groups", Shape::List(RUN_GROUP), "見直しの試算で人を分ける区分"),
];

pub(crate) const RUN_GROUP: &[Key] = &[
    must("name", Shape::Text, "区分の名前"),
    must("name_en", Shape::Text, "英語名"),
    must("by", Shape::Expression, "一人の区分を言う文字の式"),
];

pub(crate) const RUN_CHECK: &[Key] = &[
    must("must", Shape::Expression, "満たすべき条件"),
    must("message", Shape::Text, "満たさないときの理由と、すること"),
];

pub(crate) const RUN_ASK: &[Key] = &[
    must("name", Shape::Text, "式の中での名前"),
    must("name_en", Shape::Text, "英語名"),
    must("type", Shape::Word(|| words(ASK_TYPES)), "型"),
    may("default", Shape::Expression, "初めに入れておく値"),
];

pub(crate) const ASK_TYPES: &[(&str, FactWord)] =
    &[("date", FactWord::Date), ("integer", FactWord::Integer)];

pub(crate) const RUN_LIST: &[Key] = &[
    must("register", Shape::Text, "台帳の id"),
    must("by", Shape::Text, "対象者の主キーが入っている項目"),
    may("same", Shape::Free(&Shape::Text), "項目: 始めるときに聞いたこと（等しい行だけ）"),
];

pub(crate) const INTAKE: &[Key] = &[
    must("id", Shape::Text, "識別名。ファイル名と同じ"),
    must("name", Shape::Text, "取込の名前"),
    must("name_en", Shape::Text, "英語名"),
    must("statute", Shape::Text, "根拠の条文"),
    may("order", Shape::Whole, "並ぶ順"),
    may("guidance", Shape::Text, "始める前に知ること"),
    may("guidance_en", Shape::Text, "英語の案内"),
    must("procedure", Shape::Text, "一行ずつに行う手続の id"),
    may("asks", Shape::Names, "始めるときに聞く欄（全部の行に同じ）"),
    may("values", Shape::Free(&Shape::Text), "欄: 決まった値"),
    must("columns", Shape::Free(&Shape::Text), "欄: CSV の見出し"),
    may("lists", Shape::Free(&Shape::Map(INTAKE_LIST)), "繰り返す欄のまとまり"),
    may("match", Shape::Map(INTAKE_MATCH), "だれの行かを突き合わせる"),
];

pub(crate) const INTAKE_LIST: &[Key] = &[
    must("most", Shape::Whole, "繰り返しの数"),
    must("columns", Shape::Free(&Shape::Text), "欄: CSV の見出し。{n} が 1 からの番号になる"),
];

pub(crate) const INTAKE_MATCH: &[Key] = &[
    must("field", Shape::Text, "見つかった人の番号を入れる欄"),
    must("subjects", Shape::Text, "突き合わせる相手（uses の名前）"),
    must("by", Shape::List(INTAKE_KEY), "突き合わせ方。上から順に、一人に決まるまで"),
    may("near", Shape::List(INTAKE_KEY), "決まらないときに候補を探す項目"),
];

pub(crate) const INTAKE_KEY: &[Key] =
    &[must("items", Shape::Names, "等しいはずの項目（相手の項目で、手続の同じ名前の欄）")];

pub(crate) const SAMPLE: &[Key] = &[
    must("register", Shape::Text, "台帳の id"),
    must("each", Shape::Word(|| words(SAMPLE_EACH)), "一行が表すもの"),
    must("items", Shape::Free(&Shape::Text), "項目: 見本の人口の事実の名前、又は引用符の中の値"),
    may("only", Shape::Text, "この事実がある人だけ"),
];
