//! The paths that are asked again and again, by machines.

pub(crate) const HEALTH: &str = "/healthz";
pub(crate) const READINESS: &str = "/readyz";
pub(crate) const METRICS: &str = "/metrics";

/// All of them.
pub(crate) const PROBES: [&str; 3] = [HEALTH, READINESS, METRICS];
