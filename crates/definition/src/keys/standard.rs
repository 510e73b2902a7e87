//! The keys of `standards/<business>/`: the layout that the state asks of every vendor, and of a
//! package's `price.yaml`.

use super::{Key, PROCEDURE_KINDS, Shape, VERBS, may, must, words};
use crate::model::DataOwner;
use crate::standard::{ErrorKind, Output, StandardType, Trust};

pub(crate) const TRUSTS: &[(&str, Trust)] =
    &[("official", Trust::Official), ("unofficial", Trust::Unofficial)];
pub(crate) const OUTPUTS: &[(&str, Output)] =
    &[("must", Output::Must), ("conditional", Output::Conditional), ("optional", Output::Optional)];
pub(crate) const STANDARD_TYPES: &[(&str, StandardType)] = &[
    ("X", StandardType::HalfWidth),
    ("Ｎ", StandardType::FullWidth),
    ("9", StandardType::Unsigned),
    ("S9", StandardType::Signed),
    ("DATE", StandardType::Date),
    ("TIME", StandardType::Time),
    ("YEAR", StandardType::Year),
    ("BLOB", StandardType::Image),
];
pub(crate) const ERROR_KINDS: &[(&str, ErrorKind)] = &[
    ("missing", ErrorKind::Missing),
    ("characters", ErrorKind::Characters),
    ("length", ErrorKind::Length),
    ("relation", ErrorKind::Relation),
];
pub(crate) const OWNERS: &[(&str, DataOwner)] =
    &[("body", DataOwner::Body), ("vendor", DataOwner::Vendor)];

/// `standard.yaml`.
pub(crate) const LAYOUT: &[Key] = &[
    must("id", Shape::Text, "業務ID（三桁。引用符で囲む）"),
    must("name", Shape::Text, "業務の正式名称"),
    must("name_en", Shape::Text, "英語名"),
    must("title", Shape::Text, "標準仕様書の名称"),
    may("version", Shape::Text, "版（引用符で囲む）。原典に書かれていなければ書かない"),
    must("source", Shape::Text, "何を基にした内容か"),
    must("trust", Shape::Word(|| words(TRUSTS)), "official 原典のとおり、unofficial 仮のもの"),
    must("note", Shape::Text, "どこまで確かかを、一文で"),
    may("procedures", Shape::List(REQUIRED_PROCEDURE), "なければならない手続"),
    may("events", Shape::List(REQUIRED_EVENT), "公開しなければならない事象"),
    may("published", Shape::Names, "ほかの業務が読めなければならない項目"),
    may("reads", Shape::List(REQUIRED_READ), "ほかの業務から読まなければならないもの"),
];

pub(crate) const REQUIRED_PROCEDURE: &[Key] = &[
    must("name", Shape::Text, "法令の言葉での名称"),
    must("statute", Shape::Text, "根拠の条文（法令名と条を空白で分ける。例 図書館法 第3条）"),
    must("kind", Shape::Word(|| words(PROCEDURE_KINDS)), "届出・職権・証明・事象への反応"),
    may("event", Shape::Text, "本登録のときに公開する事象の id"),
    may("on", Shape::Text, "きっかけの事象（system.event）"),
    may("document", Shape::Flag, "文書を交付する"),
    may("does", Shape::Word(|| VERBS.to_vec()), "効果に必ずある動詞（台帳に何をするか）"),
];

pub(crate) const REQUIRED_EVENT: &[Key] = &[
    must("id", Shape::Text, "事象の識別名。ほかの業務はこの名前で受ける"),
    must("name", Shape::Text, "事象の名称"),
    must("items", Shape::Names, "載せなければならない項目"),
];

pub(crate) const REQUIRED_READ: &[Key] = &[
    must("system", Shape::Text, "相手の業務システムの id"),
    may("items", Shape::Names, "読まなければならない項目"),
    may("events", Shape::Names, "受けなければならない事象の id"),
];

/// `items/*.yaml`.
pub(crate) const GROUP_OF_ITEMS: &[Key] = &[
    must("group", Shape::Text, "グループの名称（出力の一つのファイル）"),
    must("name_en", Shape::Text, "英語名"),
    must("items", Shape::List(STANDARD_ITEM), "データ項目"),
];

pub(crate) const STANDARD_ITEM: &[Key] = &[
    must("no", Shape::Text, "データ項目ID（八桁。引用符で囲む）"),
    must("name", Shape::Text, "項目名称"),
    must("romaji", Shape::Text, "ローマ字名。APIの引数の名前になる"),
    must("type", Shape::Word(|| words(STANDARD_TYPES)), "データ型"),
    may("length", Shape::Whole, "桁数（X、Ｎ、9、S9 のとき）"),
    may("uncertain", Shape::Flag, "不詳日を許す（DATE のとき）"),
    may("codes", Shape::Text, "コード一覧の名称"),
    may("own_codes", Shape::Flag, "自治体固有コード（値は団体が定める）"),
    may("repeats", Shape::Whole, "繰り返しの最大の回数"),
    must("output", Shape::Word(|| words(OUTPUTS)), "データ出力条件。必須・条件付き必須・任意"),
    may("when", Shape::Text, "条件付き必須のときの条件"),
    may("implement", Shape::Flag, "実装類型 ○。どの製品にもなければならない"),
    may("key", Shape::Flag, "グループの主キー"),
    may("secret", Shape::Flag, "暗号化して保存し、画面では伏せる（特定個人情報など）"),
    may("special", Shape::Names, "特別な意味を持つ値（引用符で囲む）"),
];

/// `interfaces/*.yaml`.
pub(crate) const INTERFACE: &[Key] = &[
    must("id", Shape::Text, "識別名。ファイル名と同じ"),
    must("name", Shape::Text, "APIの名称"),
    must("version", Shape::Text, "版（引用符で囲む）"),
    must("source", Shape::Text, "何を基にした内容か"),
    must("call", Shape::Text, "APIコール名"),
    must("operation", Shape::Text, "操作種類"),
    must("group", Shape::Text, "運ぶデータ項目のグループの名称"),
    must("timeout_seconds", Shape::Whole, "タイムアウト（秒）"),
    may("timeout_binding", Shape::Flag, "タイムアウトの秒数が確定している（目安ではない）"),
    may("retry_limit", Shape::Whole, "再依頼の回数の上限。定めがなければ書かない"),
    may("concurrency", Shape::Text, "同時に届いた依頼の扱い。定めがなければ書かない"),
    must("request", Shape::Map(MESSAGE), "リクエスト"),
    must("responses", Shape::List(RESPONSE), "レスポンス"),
    must("errors", Shape::List(INTERFACE_ERROR), "エラーコード"),
];

pub(crate) const MESSAGE: &[Key] = &[
    must("id", Shape::Text, "リクエストID"),
    must("parameters", Shape::List(PARAMETER_OF), "引数"),
];

pub(crate) const RESPONSE: &[Key] = &[
    must("status", Shape::Whole, "HTTPステータスコード"),
    may("id", Shape::Text, "レスポンスID"),
    may("parameters", Shape::List(PARAMETER_OF), "返す値"),
    may("errors", Shape::Flag, "エラーコードの一覧を返す"),
];

pub(crate) const PARAMETER_OF: &[Key] = &[
    must("name", Shape::Text, "項目名"),
    must("romaji", Shape::Text, "パラメータ名"),
    must("type", Shape::Word(|| words(STANDARD_TYPES)), "データ型"),
    may("length", Shape::Whole, "桁数"),
    may("required", Shape::Flag, "必ず現れる（◎）"),
    may("when", Shape::Text, "必ず現れる条件（※※）"),
    may("repeats", Shape::Whole, "配列のときの最大の個数"),
    may("special", Shape::Names, "特別な意味を持つ値（引用符で囲む）"),
    may("control", Shape::Flag, "処理や宛先を決めるだけで、記録しない値"),
];

pub(crate) const INTERFACE_ERROR: &[Key] = &[
    must("code", Shape::Text, "エラーコード"),
    must("name", Shape::Text, "エラー名"),
    must("kind", Shape::Word(|| words(ERROR_KINDS)), "何の誤りか"),
];

/// `price.yaml` of a package.
pub(crate) const PRICE: &[Key] = &[
    must("values", Shape::Free(&Shape::Map(PRICE_VALUE)), "適用日: { base_yen, resident_yen }"),
    must("terms", Shape::Text, "料金に含むもの、支払、解約の条件"),
    must("data_owner", Shape::Word(|| words(OWNERS)), "データの持ち主。body は利用する団体"),
    must("data_terms", Shape::Text, "データの扱い（誰が管理し、終わるときにどう返すか）"),
];

pub(crate) const PRICE_VALUE: &[Key] = &[
    must("base_yen", Shape::Whole, "基本料金（円、一月）"),
    must("resident_yen", Shape::Whole, "住民一人につき（円、一月）"),
];
