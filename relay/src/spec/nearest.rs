//! Guessing which name was meant.

/// Similarity below which a name is not what was meant.
const ALIKE: f64 = 0.6;

/// The name among `known` that is spelled most like `wanted`, if any is alike.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let alike = |name: &'a str| (strsim::normalized_damerau_levenshtein(&wanted, &name.to_lowercase()), name);
    let scored = known.into_iter().map(alike).filter(|(score, _)| *score >= ALIKE);
    scored.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, name)| name)
}
