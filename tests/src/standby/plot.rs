//! The distribution of the gaps, as a picture (SVG).

use std::fmt::Write;

/// Gaps of one kind.
pub(super) struct Row {
    /// What was done, to whom.
    pub(super) title: String,
    /// What is said at its right end.
    pub(super) remark: String,
    /// Fill, as CSS has it.
    pub(super) colour: &'static str,
    /// In milliseconds.
    pub(super) gaps_ms: Vec<f64>,
}

const WIDTH: f64 = 960.0;
const LEFT: f64 = 280.0;
const RIGHT: f64 = 810.0;
const TOP: f64 = 46.0;
const ROW: f64 = 44.0;
/// Radius.
const DOT: f64 = 2.5;
/// The axis, from and to, as powers of ten of a millisecond.
const DECADES: (i32, i32) = (0, 4);

/// A row of dots for each, a dot an event, over a logarithmic axis of time.
pub(super) fn draw(title: &str, rows: &[Row]) -> String {
    let bottom = TOP + ROW * rows.len() as f64;
    let mut svg = String::new();
    let mut add = |text: String| writeln!(svg, "{text}").expect("a string takes all");
    add(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {}" font-family="sans-serif" font-size="13">"#,
        bottom + 46.0
    ));
    add(r#"<rect width="100%" height="100%" fill="white"/>"#.to_owned());
    add(format!(r#"<text x="12" y="24" font-size="16" font-weight="bold">{title}</text>"#));
    axis(bottom).into_iter().for_each(&mut add);
    for (index, row) in rows.iter().enumerate() {
        let middle = TOP + ROW * (index as f64 + 0.5);
        add(format!(r#"<text x="12" y="{:.1}">{}</text>"#, middle + 4.5, row.title));
        add(format!(r#"<text x="{}" y="{:.1}" fill="dimgrey">{}</text>"#, RIGHT + 14.0, middle + 4.5, row.remark));
        dots(row, middle).into_iter().for_each(&mut add);
    }
    add("</svg>".to_owned());
    svg
}

fn axis(bottom: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for decade in DECADES.0..=DECADES.1 {
        let label =
            if decade < 3 { format!("{} ms", 10_f64.powi(decade)) } else { format!("{} s", 10_f64.powi(decade - 3)) };
        let x = x_of(10_f64.powi(decade));
        lines.push(format!(r#"<line x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{bottom:.1}" stroke="grey"/>"#));
        lines.push(format!(r#"<text x="{x:.1}" y="{:.1}" text-anchor="middle">{label}</text>"#, bottom + 18.0));
        for step in (2..10).filter(|_| decade < DECADES.1) {
            let x = x_of(f64::from(step) * 10_f64.powi(decade));
            lines.push(format!(r##"<line x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{bottom:.1}" stroke="#e4e4e4"/>"##));
        }
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    lines.push(format!(
        r#"<text x="{middle}" y="{:.1}" text-anchor="middle">longest time without a new datagram at the viewer</text>"#,
        bottom + 38.0
    ));
    lines
}

/// The distribution: the shortest lowest, the longest highest in the row.
fn dots(row: &Row, middle: f64) -> Vec<String> {
    let mut gaps = row.gaps_ms.clone();
    gaps.sort_by(f64::total_cmp);
    let count = gaps.len() as f64;
    let dot = |(index, gap): (usize, f64)| {
        let y = middle - ((index as f64 + 0.5) / count - 0.5) * (ROW - 3.0 * DOT);
        format!(r#"<circle cx="{:.1}" cy="{y:.1}" r="{DOT}" fill="{}" fill-opacity="0.6"/>"#, x_of(gap), row.colour)
    };
    gaps.into_iter().enumerate().map(dot).collect()
}

fn x_of(gap_ms: f64) -> f64 {
    let (from, to) = (f64::from(DECADES.0), f64::from(DECADES.1));
    LEFT + (RIGHT - LEFT) * ((gap_ms.max(f64::MIN_POSITIVE).log10() - from) / (to - from)).clamp(0.0, 1.0)
}
