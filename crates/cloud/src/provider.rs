//! プロバイダー: what every cloud must be able to do for the executor. Names no cloud: parts, places
//! and errors are the house's own words.
//!
//! What changes something needs a [`Permit`] and uses it up. Every call may be repeated.

pub mod aws;
pub mod local;

use std::pin::Pin;

use crate::guardrail::{Permit, Resource};
use crate::plane::environment::Lane;
use crate::plane::part::{Part, Work};

/// What a call comes to, later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'a>>;

/// Why a call did not succeed, by what the executor does about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No answer: it may have been done. Looked for, then tried again.
    #[error("応答がありません（{0}）")]
    Unreachable(String),
    /// Too many requests: it was not done. Tried again later.
    #[error("混み合っています（{0}）")]
    Throttled(String),
    /// Something made before is not seen yet, or is still being made. Tried again later.
    #[error("まだ見えません（{0}）")]
    NotYet(String),
    /// A limit of the provider is reached: a person has to ask for more.
    #[error("上限に達しました（{0}）。プロバイダーに上限の引上げを申請してください")]
    Quota(String),
    /// The provider refuses: trying again does not help.
    #[error("断られました（{0}）")]
    Refused(String),
    /// There are several where one is meant: a person has to say which stays.
    #[error("同じ名のものが複数あります（{}）。残すものを決め、ほかを閉じてください", .0.join("、"))]
    Doubled(Vec<String>),
}

/// What a provider holds, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The name under which it was made: the environment's, if it is ours.
    pub name: String,
    /// The provider's name.
    pub reference: String,
    /// The provider's name of the region, where it has one.
    pub region: Option<String>,
    /// How it is; what stores data says how.
    pub resource: Resource,
    /// The service that holds it.
    pub service: &'static str,
}

/// Something that a provider holds of an environment, of whatever service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Its service.
    pub service: String,
    /// The provider's name of the region, where it has one.
    pub region: Option<String>,
    /// What it is, in the provider's word.
    pub kind: String,
    /// The provider's name for it.
    pub reference: String,
    /// How it is, as far as this is seen without looking into it.
    pub resource: Resource,
}

/// 所在: what a provider holds of an environment, and what could not be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// What is there.
    pub held: Vec<Holding>,
    /// What was not answered: what and where, and why.
    pub unseen: Vec<(String, ProviderError)>,
}

/// A cloud, or anything else that can hold environments.
pub trait Provider: Send + Sync {
    /// Its name, as environments name it.
    fn name(&self) -> &str;

    /// The service by which it makes a part.
    fn service(&self, part: &Part) -> &'static str;

    /// How many environments it makes at the same time; whoever asks for more is sent away.
    fn accounts_at_once(&self) -> usize {
        usize::MAX
    }

    /// Whether making the part twice would leave two of it: then it is looked for before it is
    /// asked for again. What has a name of its own cannot be there twice.
    fn doubles(&self, part: &Part) -> bool;

    /// Whether the part of a piece of work is there; the provider's name for it. Changes nothing.
    /// Asked for parts that could be doubled and for what is enrolled.
    fn find<'a>(&'a self, work: &'a Work) -> Answer<'a, Option<String>>;

    /// Makes the part, or changes it into what it is to be; the provider's name for it. What is
    /// there already is taken as it is.
    fn make(&self, permit: Permit) -> Answer<'_, Option<String>>;

    /// Removes the part; what is not there is removed. In words what it went with, where it could
    /// not be asked for by itself any more.
    fn remove(&self, permit: Permit) -> Answer<'_, Option<String>>;

    /// The environments that it holds, whoever made them.
    fn survey(&self) -> Answer<'_, Vec<Seen>>;

    /// How a part differs from what the books say of it, in words; `None` where it is so, and for
    /// what [`Provider::survey`] and [`Provider::inspect`] show. Changes nothing.
    fn compare<'a>(&'a self, work: &'a Work) -> Answer<'a, Option<String>>;

    /// What it holds of one environment that stores data.
    fn inspect<'a>(&'a self, lane: &'a Lane, reference: &'a str) -> Answer<'a, Vec<Seen>>;

    /// What it holds of one environment in every region, beyond what [`Provider::inspect`] shows.
    /// One region that does not answer hides no other.
    fn inventory<'a>(&'a self, reference: &'a str) -> Answer<'a, Inventory>;
}
