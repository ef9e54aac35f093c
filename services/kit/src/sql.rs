//! Statements of many rows.

use std::fmt::Write;

/// `($1,$2),($3,$4)`: the placeholders of `rows` rows of `columns` columns. One statement for many rows
/// is what makes a batch cheap.
pub fn rows(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 5);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            let separator = if column == 0 { "" } else { "," };
            // Writing to a String cannot fail.
            let _ = write!(text, "{separator}${}", row * columns + column + 1);
        }
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn placeholders_are_numbered_on() {
        assert_eq!(super::rows(2, 3), "($1,$2,$3),($4,$5,$6)");
        assert_eq!(super::rows(1, 1), "($1)");
    }
}
