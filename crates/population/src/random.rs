//! Randomness by counting: every draw is a hash of the seed, the household, the member and the
//! field, so any household is made without making those before it. It never reads a clock or
//! the system's
//! randomness; not for secrets.

/// What a draw decides; one variant for each independent decision.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Field {
    Shape,
    Size,
    Age,
    Sex,
    Day,
    Gap,
    Surname,
    Given,
    Alias,
    Town,
    Lot,
    Building,
    Foreign,
    Nation,
    Status,
    Native,
    Moved,
    MovedDay,
    Settled,
    Origin,
    OriginLot,
    Registry,
    RegistryLot,
    FirstEntry,
    Gone,
    GoneDay,
    Destination,
    FormerName,
}

/// The draws of one household or of one of its members.
#[derive(Clone, Copy)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64, household: u32) -> Self {
        Self(mix(mix(seed ^ 0x6B75_6D6F_6931_3939).wrapping_add(u64::from(household))))
    }

    /// The draws of one member, independent of the household's own.
    pub(crate) fn member(self, member: u32) -> Self {
        Self(self.0.wrapping_add((u64::from(member) + 1).wrapping_mul(0xD1B5_4A32_D192_ED03)))
    }

    pub(crate) fn word(self, field: Field) -> u64 {
        mix(self.0 ^ (field as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A number from 0 to `bound` - 1; `bound` is at least 1.
    pub(crate) fn below(self, field: Field, bound: u32) -> u32 {
        let high = self.word(field) >> 32;
        ((high * u64::from(bound)) >> 32) as u32
    }

    pub(crate) fn per_mille(self, field: Field, chance: u32) -> bool {
        self.below(field, 1000) < chance
    }

    /// One of the choices, each as likely.
    pub(crate) fn pick<T: Copy>(self, field: Field, choices: &[T]) -> Option<T> {
        let bound = u32::try_from(choices.len()).ok()?.max(1);
        choices.get(self.below(field, bound) as usize).copied()
    }

    /// A value from a curve: points (value, per mille at or below it), straight between them.
    pub(crate) fn curve(self, field: Field, points: &[(u32, u32)]) -> u32 {
        let at = self.below(field, 1000);
        let next = points.partition_point(|point| point.1 <= at).min(points.len() - 1);
        let (low, from) = points[next.saturating_sub(1)];
        let (high, to) = points[next];
        low + (high - low) * (at - from) / (to - from).max(1)
    }
}

/// Spreads every bit of the input over the output (the finaliser known as SplitMix64).
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}
