//! 取込: a procedure for every line of a file.

/// A file that is taken in: each of its lines is a form of a procedure.
#[derive(Clone, Debug)]
pub struct Intake {
    /// Identifier (`salary-report`).
    pub id: String,
    /// Name (給与支払報告書の取込).
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Article.
    pub statute: String,
    /// Order in menus.
    pub order: u32,
    /// What the official should know before it is started.
    pub guidance: Option<String>,
    /// The same in English.
    pub guidance_en: Option<String>,
    /// The procedure that is carried out for each line.
    pub procedure: String,
    /// Fields that are asked for once, the same for all lines.
    pub asks: Vec<String>,
    /// Fields with one fixed value.
    pub values: Vec<(String, String)>,
    /// Field → heading of the file.
    pub columns: Vec<(String, String)>,
    /// Repeated groups.
    pub lists: Vec<IntakeList>,
    /// Whose line it is.
    pub matching: Option<IntakeMatch>,
}

/// A repeated group whose entries stand side by side in a line.
#[derive(Clone, Debug)]
pub struct IntakeList {
    /// The group.
    pub group: String,
    /// Entries in a line.
    pub most: u32,
    /// Field → heading, with `{n}` for the number of the entry, from 1.
    pub columns: Vec<(String, String)>,
}

/// How the person of a line is found.
#[derive(Clone, Debug)]
pub struct IntakeMatch {
    /// The field that takes the number found.
    pub field: String,
    /// Whose rows are searched: a name of `uses:`.
    pub subjects: String,
    /// Items that must agree, in the order in which they are tried.
    pub by: Vec<Vec<String>>,
    /// Items by which somebody is proposed when nobody was found.
    pub near: Vec<Vec<String>>,
}

impl IntakeList {
    /// The headings of one entry.
    pub fn headings(&self, number: u32) -> impl Iterator<Item = (&str, String)> {
        self.columns.iter().map(move |(field, heading)| {
            (field.as_str(), heading.replace("{n}", &number.to_string()))
        })
    }
}

impl Intake {
    /// Every heading of the file, in order.
    pub fn headings(&self) -> Vec<String> {
        let single = self.columns.iter().map(|(_, heading)| heading.clone());
        let lists = self.lists.iter().flat_map(|list| {
            (1..=list.most).flat_map(|number| list.headings(number).map(|(_, heading)| heading))
        });
        single.chain(lists).collect()
    }
}
