//! What the control database keeps of one organisation: contracts, costs, deposits, incidents,
//! groups and decisions. `$1` is the organisation; nothing of another one, no code of a mail.

use super::Listing;

/// A listing of the control database and what it means, as the export's README says it.
pub type Meant = (Listing, &'static str);

/// Chosen columns of a table's own rows, in the order of its key.
macro_rules! listing {
    ($name:literal, $what:literal, $which:literal, $order:literal, $meaning:literal) => {
        (
            Listing {
                name: $name,
                sql: concat!(
                    "select to_jsonb(r)::text from (",
                    $what,
                    " from control.",
                    $name,
                    " t where ",
                    $which,
                    " order by ",
                    $order,
                    ") r"
                ),
            },
            $meaning,
        )
    };
}

/// The same, with every column.
macro_rules! own {
    ($name:literal, $which:literal, $order:literal, $meaning:literal) => {
        listing!($name, "select t.*", $which, $order, $meaning)
    };
}

/// Rows that belong to a contract of the organisation.
macro_rules! of_contract {
    ($name:literal, $order:literal, $meaning:literal) => {
        own!(
            $name,
            "exists (select from control.contract c where c.id = t.contract
                and c.organisation = $1)",
            $order,
            $meaning
        )
    };
}

/// Everything of an organisation in the control database.
pub const CONTROL: &[Meant] = &[
    own!("organisation", "t.id = $1", "id", "団体"),
    own!("contract", "t.organisation = $1", "id", "契約"),
    of_contract!("contract_act", "id", "契約の経過"),
    of_contract!("bid", "contract, number", "入札の結果"),
    of_contract!("confirmation", "contract", "適合確認（根拠とした報告の名前）"),
    of_contract!("metered", "contract, day", "契約ごと・日ごとの計量（住民数）"),
    of_contract!("reference_consent", "id", "導入例として示すことへの同意"),
    own!(
        "offer",
        "t.id in (select c.offer from control.contract c where c.organisation = $1)
            or t.id in (select unnest(f.offers) from control.fit f where f.organisation = $1)",
        "id",
        "契約した提供と比べた提供（適合検査の報告、価格、事業者の文書を含む）"
    ),
    own!("fit", "t.organisation = $1", "id", "適合度の一覧（要件と比べた提供）"),
    own!(
        "fit_settled",
        "exists (select from control.fit f where f.id = t.fit and f.organisation = $1)",
        "id",
        "適合度で人が決めたこと"
    ),
    own!("seed", "t.organisation = $1", "organisation", "見本の住民を作った記録"),
    own!(
        "environment",
        "t.body = (select o.code from control.organisation o where o.id = $1)",
        "id",
        "クラウドの環境"
    ),
    own!(
        "part",
        "exists (select from control.environment e
            join control.organisation o on o.code = e.body
            where e.id = t.environment and o.id = $1)",
        "environment, part",
        "クラウドの環境の部分（今あるとされる値）"
    ),
    own!(
        "blueprint_step",
        "exists (select from control.environment e
            join control.organisation o on o.code = e.body
            where e.id = t.environment and o.id = $1)",
        "blueprint, environment, sequence",
        "クラウドの環境に行った変更"
    ),
    own!(
        "finding",
        "t.body = (select o.code from control.organisation o where o.id = $1)",
        "plane_check, number",
        "あとからの照合の所見（最後の照合のもの）"
    ),
    own!(
        "wave_slot",
        "t.body = (select o.code from control.organisation o where o.id = $1)",
        "plan, body, system",
        "移行の波の月"
    ),
    own!("operator", "t.organisation = $1", "id", "運用担当（運用の団体のときだけ）"),
    own!("cost_owner", "t.organisation = $1", "provider, account, environment", "費用の持ち主"),
    own!("cost_measure", "t.organisation = $1", "measure, month", "費用を分ける基になる数"),
    listing!(
        "cost_share",
        "select t.run, (select c.at from control.cost_run c where c.id = t.run) as run_at,
            (select c.month from control.cost_run c where c.id = t.run) as month,
            t.method, t.organisation, t.system, t.yen, t.residents, t.trace",
        "t.organisation = $1",
        "run, method, system",
        "費用の割当て（ほかの団体の合計を含む計算書は除く）"
    ),
    own!(
        "cost_service",
        "t.organisation = $1",
        "run, system, credit, place",
        "費用の割当てのサービスごとの重み"
    ),
    own!("cost_currency", "t.organisation = $1", "run, currency", "費用の割当ての通貨ごとの額"),
    own!("cost_goal", "t.organisation = $1", "id", "三割削減の目標に照らす数とその経過"),
    own!("cost_budget", "t.organisation = $1", "fiscal_year", "予算"),
    own!("invoice", "t.organisation = $1", "registration, year, number", "請求書"),
    own!("deposit_entry", "t.organisation = $1", "id", "保管金の仕訳"),
    own!(
        "deposit_line",
        "exists (select from control.deposit_entry e where e.id = t.entry
            and e.organisation = $1)",
        "entry, account",
        "保管金の仕訳の行"
    ),
    own!("subsidy", "t.organisation = $1", "id", "補助"),
    own!(
        "subsidy_act",
        "exists (select from control.subsidy s where s.id = t.subsidy and s.organisation = $1)",
        "id",
        "補助の経過"
    ),
    own!("watched", "t.organisation = $1", "service, day", "日ごとの稼働（見張りの回数と失敗）"),
    own!(
        "incident",
        "t.organisation = $1 or t.organisation is null",
        "id",
        "障害（団体のものと、すべての団体に共通のもの）"
    ),
    own!(
        "incident_note",
        "exists (select from control.incident i where i.id = t.incident
            and (i.organisation = $1 or i.organisation is null))",
        "id",
        "障害の経過"
    ),
    own!("joint_member", "t.organisation = $1", "joint_group", "共同調達のグループへの参加"),
    own!(
        "joint_group",
        "t.lead = $1 or exists (select from control.joint_member m
            where m.joint_group = t.id and m.organisation = $1)",
        "id",
        "共同調達のグループ"
    ),
    own!(
        "joint_plan",
        "exists (select from control.joint_group g where g.id = t.joint_group and g.lead = $1)
            or exists (select from control.joint_member m
                where m.joint_group = t.joint_group and m.organisation = $1)",
        "id",
        "グループの調達の案と決定"
    ),
    of_contract!("joint_draft", "contract", "グループの決定から起案した契約"),
    own!("joint_act", "t.organisation = $1", "id", "グループで団体が行ったこと"),
    own!("assistant", "t.organisation = $1", "id", "補助する事業者の指定"),
    own!("training", "t.of = $1", "of", "研修環境"),
    own!("training_act", "t.of = $1", "id", "研修環境の経過"),
    own!("quota_used", "t.organisation = $1", "kind, day", "利用枠の使用"),
    own!("quota_act", "t.organisation = $1", "id", "利用枠の申込みの経過"),
    own!("notice", "t.organisation = $1", "id", "団体への知らせ"),
    listing!(
        "mail_address",
        "select t.id, t.organisation, t.address, t.added_at, t.added_by, t.confirmed_at",
        "t.organisation = $1",
        "id",
        "知らせを受ける宛先（確認の符号は除く）"
    ),
    listing!(
        "mail",
        "select t.id, t.address, t.notice, t.state, t.tries, t.next_at, t.sent_at, t.fault",
        "exists (select from control.mail_address a where a.id = t.address
            and a.organisation = $1)",
        "id",
        "知らせの送信（確認の符号は除く）"
    ),
    own!("mail_asked", "t.organisation = $1", "address, day", "宛先の確認を求めた数"),
    own!("relocation", "t.organisation = $1", "id", "引越し"),
    own!(
        "relocation_act",
        "exists (select from control.relocation r where r.id = t.relocation
            and r.organisation = $1)",
        "id",
        "引越しの経過"
    ),
    own!("deletion", "t.organisation = $1", "id", "消去の求め（書き出したときまで）"),
    own!(
        "deletion_act",
        "exists (select from control.deletion d where d.id = t.deletion
            and d.organisation = $1)",
        "id",
        "消去の経過（書き出したときまで）"
    ),
];

/// Tables that have to do with organisations and stay, each with the reason.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("deletion_record", "書き出しの後、消去のときに書かれ、求めた人に渡される"),
    ("alarm", "基盤の運用の記録。変更の結果は blueprint_step にある"),
];
