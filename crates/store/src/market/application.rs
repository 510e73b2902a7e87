//! 登録の申請: who asks to become a vendor, at the entrance of the internet zone, which sees none but
//! the one whose word it is told. Deciding is the platform's; nothing here opens a vendor.

use base::said;
use jiff::Timestamp;
use tokio_postgres::{Client, Row};

use super::DATABASE;
use crate::organisation::{Credentials, Installer, Organisation, VENDOR};
use crate::{GenericClient, StoreError};

/// The kind of «organisation» that the entrance's login is handed out as.
pub const ENTRANCE: &str = "entrance";
/// The login of the entrance, which belongs to nobody.
const LOGIN: &str = "kumoi_door";
/// What the database says of a corporate number that applied already, and when too many wait.
const TWICE: &str = "KM003";
const MANY: &str = "KM004";

/// Who applies, as it was entered and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applicant {
    /// 法人番号, 13 digits.
    pub corporate_number: String,
    /// The company's name.
    pub name: String,
    /// Its English name.
    pub name_en: String,
    /// Who is spoken to.
    pub contact: String,
    /// And written to.
    pub mail: String,
}

impl Applicant {
    /// The vendor that it becomes: named by its corporate number, which nobody else has.
    pub fn vendor(&self) -> Organisation {
        let id = vendor_id(&self.corporate_number);
        Organisation {
            code: id.clone(),
            id,
            name: self.name.clone(),
            name_en: self.name_en.clone(),
            kind: VENDOR.to_owned(),
            sample: false,
        }
    }
}

/// The identifier of the vendor with a 法人番号.
pub fn vendor_id(corporate_number: &str) -> String {
    format!("v{corporate_number}")
}

/// 登録の申請.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// 受付番号.
    pub id: i64,
    /// When.
    pub applied_at: Timestamp,
    /// Who.
    pub applicant: Applicant,
    /// 受付, 承認, 却下, 登録.
    pub state: String,
    /// When and by whom it was decided.
    pub decided: Option<(Timestamp, String)>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// How an application stands, for its applicant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// 受付, 承認, 却下, 登録.
    pub state: String,
    /// Why it was refused.
    pub reason: Option<String>,
    /// The identifier that the vendor has, or will have.
    pub vendor: String,
}

/// The entrance's login, with a new password: it serves until this is called again.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn entrance_open(
    installer: &Installer,
    market: &Client,
) -> Result<Credentials, StoreError> {
    let own = installer.login_alone(LOGIN, DATABASE, ENTRANCE).await?;
    let sql =
        format!("grant connect on database {DATABASE} to {LOGIN}; grant kumoi_entrance to {LOGIN}");
    market.batch_execute(&sql).await?;
    Ok(own)
}

/// Leaves an application, with the SHA-256 of the word that its applicant asks with, and where it
/// came from; its number.
///
/// # Errors
/// [`StoreError::Conflict`] when one for the corporate number waits or was admitted, or too many
/// wait or came from there.
pub async fn application_add(
    entrance: &impl GenericClient,
    applicant: &Applicant,
    (secret, source): (&[u8], &str),
) -> Result<i64, StoreError> {
    let sql = "select market.apply($1, $2, $3, $4, $5, $6, $7)";
    let Applicant { corporate_number, name, name_en, contact, mail } = applicant;
    let given: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [corporate_number, name, name_en, contact, mail, &secret, &source];
    let error = match entrance.query_one(sql, &given).await {
        Ok(row) => return Ok(row.try_get(0)?),
        Err(error) => error,
    };
    Err(match error.code().map(|code| code.code()) {
        Some(TWICE) => StoreError::Conflict(said!(
            "この法人番号の申請を、もう受け付けています。受付番号と照会の語で結果を照会してください。心当たりが\
             なければ、デジタル庁に知らせてください",
            "There is an application for this corporate number. Ask for its result with its number \
             and word; if it is not yours, tell the Digital Agency"
        )),
        Some(MANY) => StoreError::Conflict(said!(
            "申請が多すぎるため、いまは受け付けられません。明日、もう一度申請してください",
            "Too many applications came in. Apply again tomorrow"
        )),
        _ => error.into(),
    })
}

/// How an application stands whose word is known; `None` also for another's.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn application_standing(
    entrance: &impl GenericClient,
    id: i64,
    secret: &[u8],
) -> Result<Option<Standing>, StoreError> {
    let sql = "select state, reason, corporate_number from market.application_of($1, $2)";
    let row = entrance.query_opt(sql, &[&id, &secret]).await?;
    let standing = |row: Row| {
        let number: String = row.try_get(2)?;
        let vendor = vendor_id(&number);
        Ok(Standing { state: row.try_get(0)?, reason: row.try_get(1)?, vendor })
    };
    row.map(standing).transpose()
}

/// Every application, the newest first, for the platform.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn application_list(market: &Client) -> Result<Vec<Application>, StoreError> {
    let sql = "select id, applied_at, corporate_number, name, name_en, contact, mail, state,
                 decided_at, decided_by, reason from market.application order by id desc";
    let application = |row: &Row| {
        let (at, by): (Option<Timestamp>, Option<String>) = (row.try_get(8)?, row.try_get(9)?);
        Ok(Application {
            id: row.try_get(0)?,
            applied_at: row.try_get(1)?,
            applicant: Applicant {
                corporate_number: row.try_get(2)?,
                name: row.try_get(3)?,
                name_en: row.try_get(4)?,
                contact: row.try_get(5)?,
                mail: row.try_get(6)?,
            },
            state: row.try_get(7)?,
            decided: at.zip(by),
            reason: row.try_get(10)?,
        })
    };
    market.query(sql, &[]).await?.iter().map(application).collect()
}

/// Decides an application: admits it, or refuses it with a reason.
///
/// # Errors
/// [`StoreError::Conflict`] when it was decided before, or there is none of this number.
pub async fn application_decide(
    market: &Client,
    id: i64,
    (by, refusal): (&str, Option<&str>),
) -> Result<(), StoreError> {
    let sql = "update market.application
               set state = case when $3::text is null then '承認' else '却下' end, reason = $3,
                 decided_at = now(), decided_by = $2, source = null
               where id = $1 and state = '受付'";
    match market.execute(sql, &[&id, &by, &refusal]).await? {
        0 => Err(StoreError::Conflict(said!(
            "受付番号 {id} の、決めていない申請はありません",
            "There is no application {id} to decide"
        ))),
        _ => Ok(()),
    }
}

/// Writes down that an admitted vendor can sign in.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn application_opened(market: &Client, id: i64) -> Result<(), StoreError> {
    let sql = "update market.application set state = '登録', opened_at = now()
               where id = $1 and state = '承認'";
    market.execute(sql, &[&id]).await?;
    Ok(())
}

/// The vendors that were admitted on their own application, in order of their identifiers.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn vendors_admitted(market: &Client) -> Result<Vec<Organisation>, StoreError> {
    let mut all = application_list(market).await?;
    all.retain(|one| one.state == "登録");
    let mut vendors: Vec<Organisation> = all.iter().map(|one| one.applicant.vendor()).collect();
    vendors.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(vendors)
}
