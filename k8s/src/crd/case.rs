//! Names of fields in files, and in objects.

/// `packets_per_datagram` as `packetsPerDatagram`.
pub(super) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let capital = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &capital.into_iter().chain(letters).collect::<String>()
    })
}

/// `packetsPerDatagram` as `packets_per_datagram`.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for (file, object) in [("out", "out"), ("pair_least_bitrate", "pairLeastBitrate"), ("in", "in")] {
            assert_eq!((camel_case(file).as_str(), snake_case(object).as_str()), (object, file));
        }
    }
}
