//! The keys of `procedures/*.yaml`.

use super::{CALL, FIELD_TYPES, Key, PROCEDURE_KINDS, SELECTIONS, SERIES, Shape, may, must, words};

pub(crate) const PROCEDURE: &[Key] = &[
    must("id", Shape::Text, "識別名。ファイル名と同じ"),
    must("name", Shape::Text, "手続の正式名称"),
    must("name_en", Shape::Text, "英語名"),
    must("statute", Shape::Text, "根拠の条文"),
    may("kind", Shape::Word(|| words(PROCEDURE_KINDS)), "届出・職権・証明・事象への反応"),
    may("order", Shape::Whole, "一覧での順番"),
    may("select", Shape::Word(|| words(SELECTIONS)), "対象者の選び方"),
    must("register", Shape::Text, "対象者の台帳の id"),
    may("by", Shape::Text, "反応のとき、対象者を探す項目（書かなければ主キー）"),
    may("open", Shape::Flag, "対象者は閉じていない人だけ（true）、閉じた人だけ（false）"),
    may("startable", Shape::List(STARTABLE), "対象者の行がどのような状態なら始められるか"),
    may("reason", Shape::Text, "異動事由"),
    may("duplicates", Shape::Names, "二重登録を見つける項目"),
    may("identity", Shape::Flag, "来た人の本人確認をする"),
    may("deadline_days", Shape::Whole, "届出期間（日）"),
    may("handling_days", Shape::Whole, "標準処理期間（日）"),
    may("event", Shape::Text, "本登録のときに公開する事象の id"),
    may("guidance", Shape::Text, "職員への案内"),
    may("guidance_en", Shape::Text, "英語の案内"),
    may("form", Shape::List(GROUP), "様式"),
    may("values", Shape::Free(&Shape::ExpressionOr(CALL)), "式か算定で求める値（上から順に）"),
    may("checks", Shape::List(CHECK), "満たすべきこと"),
    may("effects", Shape::List(EFFECT), "効果"),
    may("on", Shape::Names, "きっかけの事象（system.event）"),
    may("forward", Shape::Map(FORWARD), "本登録のあと、ほかの市区町村に転送する"),
];

pub(crate) const FORWARD: &[Key] = &[
    must("to", Shape::Names, "宛先の市区町村を読み取る項目（今と過去の値）"),
    must("notice", Shape::Text, "転送する文書の書式（notices/ の名前）"),
    must("items", Shape::Names, "文書に載せる項目。秘匿する項目は載せられない"),
    may("fields", Shape::Names, "文書に載せる様式の欄"),
];

pub(crate) const STARTABLE: &[Key] = &[
    must("when", Shape::Expression, "始められる条件。対象者の項目、閉鎖日、記載日、本日だけの式"),
    must("message", Shape::Text, "始められないときの文（なぜか、どうすればよいか）"),
    may("message_en", Shape::Text, "英語の文"),
];

pub(crate) const GROUP: &[Key] = &[
    must("group", Shape::Text, "見出し。繰り返すときは式の中での名前"),
    must("name_en", Shape::Text, "英語の見出し"),
    may("repeat", Shape::Map(REPEAT), "繰り返しの回数"),
    may("per_subject", Shape::Flag, "対象者ごとに一組"),
    must("fields", Shape::NamedList(FIELD), "欄。台帳の項目名だけでもよい"),
];

pub(crate) const REPEAT: &[Key] = &[
    may("min", Shape::Whole, "最も少ない組数"),
    may("max", Shape::Whole, "最も多い組数（100まで）"),
];

pub(crate) const FIELD: &[Key] = &[
    may("name", Shape::Text, "欄の名前。式の中でもこの名前"),
    may("label", Shape::Text, "画面での呼び方"),
    may("name_en", Shape::Text, "英語名"),
    may("type", Shape::Word(|| words(FIELD_TYPES)), "型（item を書かないとき）"),
    may("length", Shape::Whole, "文字数・桁数"),
    may("codes", Shape::Text, "コード一覧の名称"),
    may("uncertain", Shape::Flag, "不詳日を許す"),
    may("required", Shape::Flag, "必ず入れる"),
    may("when", Shape::Expression, "この条件のときだけ出す"),
    may("hint", Shape::Text, "記入の助け"),
    may("hint_en", Shape::Text, "英語の助け"),
    may("default", Shape::Expression, "初めに入っている値（式）"),
    may("item", Shape::Text, "型・桁数・コード・書式を借りる台帳の項目"),
    may(
        "refers_to",
        Shape::Text,
        "この欄が主キーで指す台帳の id。行がないときと閉じているときは誤り",
    ),
    may("refers_as", Shape::Text, "指された行の、式の中での名前（繰り返さない組の欄だけ）"),
];

pub(crate) const CHECK: &[Key] = &[
    must("must", Shape::Expression, "満たすべき条件"),
    may("at", Shape::Text, "どの欄のことか"),
    must("message", Shape::Text, "満たさないときの文（何が悪く、どうすればよいか）"),
    may("message_en", Shape::Text, "英語の文"),
    may("warning", Shape::Flag, "確かめれば先へ進める警告"),
];

/// The verbs; an effect has exactly one.
pub(crate) const VERBS: &[&str] =
    &["open", "amend", "correct", "close", "cancel", "number", "timer", "notify"];

pub(crate) const EFFECT: &[Key] = &[
    may("open", Shape::Text, "動詞: この台帳に行を開く"),
    may("amend", Shape::Text, "動詞: この台帳の行を、ある日から改める"),
    may("correct", Shape::Text, "動詞: この台帳の行の誤りを、初めから正す"),
    may("close", Shape::Text, "動詞: この台帳の行を閉じる"),
    may("cancel", Shape::Expression, "動詞: この番号の異動を、書いた行の全部について取り消す"),
    may("number", Shape::Text, "動詞: 番号を一つ取り、この名前を付ける"),
    may("timer", Shape::Text, "動詞: ある日にこの手続を始める"),
    may("notify", Shape::Text, "動詞: notices/ のこの書式で交付する"),
    may("when", Shape::Expression, "この条件のときだけ"),
    may("for", Shape::Expression, "この一覧の一つずつに（書かなければ対象者）"),
    may("each", Shape::Text, "一つずつの名前（書かなければ 対象）"),
    may("as", Shape::Text, "開いた行の一覧の名前"),
    may("key", Shape::Expression, "どの行か（書かなければ一つずつの主キー）"),
    may("set", Shape::Free(&Shape::Expression), "項目: 式"),
    may("take", Shape::NamesOrAll, "同じ名前の欄から写す項目（all で全部）"),
    may("effective", Shape::Expression, "効力の生じる日（書かなければ異動日）"),
    may("series", Shape::Word(|| words(SERIES)), "番号の系列"),
    may("on", Shape::Expression, "始める日"),
    may("items", Shape::Names, "印刷する項目"),
    may("requested", Shape::Expression, "求められたときだけ印刷する項目の一覧（式）"),
    may("fee", Shape::Expression, "手数料（円、式）"),
];
