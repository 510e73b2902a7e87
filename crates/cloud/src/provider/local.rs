//! This very cluster as a provider: an environment is an organisation's databases, its systems are
//! installed in them. A thin face over the installer; it holds no keys of an organisation.
