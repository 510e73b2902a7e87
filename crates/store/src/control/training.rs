//! 研修環境: the training copy of a body as an organisation. It is none of the books and has no
//! contract; how it is asked for is in the books of copies ([`crate::copybook`]).

use crate::StoreError;
use crate::organisation::{Organisation, TRAINING, check_identifier};

/// The training copy of a body as an organisation: invented, and said so in its name.
///
/// # Errors
/// [`StoreError::Refused`] when the body's identifier is too long for one beside it.
pub fn training_of(of: &Organisation) -> Result<Organisation, StoreError> {
    let id = format!("{}{TRAINING}", of.id);
    check_identifier(&id)?;
    Ok(Organisation {
        id,
        code: format!("{}K", of.code),
        name: format!("{}（研修）", of.name),
        name_en: format!("{} (training)", of.name_en),
        kind: of.kind.clone(),
        sample: true,
    })
}
