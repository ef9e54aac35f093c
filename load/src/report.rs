//! The report: one HTML file that needs nothing else, with light and dark colours by what the reader prefers. It is
//! well-formed XML too, so that a test can read it.

mod chart;
mod plots;
mod scale;

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::{
    record::{Record, Tally},
    run::Plan,
    table::cells,
    units::{count, duration, latency, rate},
    verdict::offered,
};

/// What a report tells of.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// What was asked.
    pub plan: &'a Plan,
    /// What the mix is called.
    pub mix: &'a str,
    /// What came back.
    pub record: &'a Record,
    /// Why the run has failed; empty when it has not.
    pub failures: &'a [String],
    /// What the reader should know.
    pub hints: &'a [String],
}

/// The page.
pub fn render(page: &Page<'_>) -> String {
    let title = format!("Load on {}", page.plan.url.as_str().trim_end_matches('/'));
    let mut sections = section("all", "All endpoints", page.record, &page.record.total, true);
    for (place, tally) in page.record.endpoints.iter().enumerate().filter(|(_, tally)| tally.count() > 0) {
        sections += &section(&format!("e{place}"), &tally.name, page.record, tally, false);
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n<title>{title}</title>\n<style>\n{style}</style>\n\
         </head>\n<body>\n<header>\n<h1>{title}</h1>\n{about}</header>\n<main>\n{tiles}{notes}{table}{sections}</main>\n\
         <div id=\"tip\" role=\"status\" hidden=\"hidden\"></div>\n<script>\n{script}</script>\n</body>\n</html>\n",
        title = escape(&title),
        style = include_str!("report/style.css"),
        script = include_str!("report/script.js"),
        about = about(page),
        tiles = tiles(page.record),
        notes = notes(page),
        table = table(page.record),
    )
}

fn about(page: &Page<'_>) -> String {
    let plan = page.plan;
    let arrivals = format!("{:?}", plan.arrivals).to_lowercase();
    let now = Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC");
    let (class, verdict) = match page.failures {
        [] => ("good", "Passed".to_owned()),
        failures => ("bad", format!("Failed: {}", failures.join(", "))),
    };
    let early = if page.record.interrupted { ", ended early" } else { "" };
    format!(
        "<p>{now} · {mix} · {users} users · {rate} steps/s, {arrivals} arrivals · {time}, of which {ramp} to \
         ramp up{early}</p>\n\
         <p class=\"verdict {class}\">{verdict}</p>\n",
        mix = escape(page.mix),
        users = count(u64::from(plan.users)),
        rate = rate(plan.rate),
        time = duration(plan.duration),
        ramp = duration(plan.ramp),
        verdict = escape(&verdict),
    )
}

fn tiles(record: &Record) -> String {
    let total = &record.total;
    let answered = total.count() - total.unanswered;
    #[expect(clippy::cast_precision_loss, reason = "what is shown has three digits")]
    let each_second = answered as f64 / record.elapsed.as_secs_f64().max(f64::EPSILON);
    let at = |quantile| latency(total.latencies.value_at_quantile(quantile).min(total.latencies.max()));
    let tile = |name: &str, value: String, more: String| {
        format!("<div class=\"tile\"><span>{name}</span><strong>{value}</strong><small>{more}</small></div>\n")
    };
    [
        "<div class=\"tiles\">\n".to_owned(),
        tile("answered", count(answered), format!("of {} due", count(record.all_due()))),
        tile("throughput", format!("{}/s", rate(each_second)), format!("{}/s due", rate(offered(record)))),
        tile("median", at(0.5), "p50".into()),
        tile("slow", at(0.99), "p99".into()),
        tile("slowest", at(1.0), format!("p99.9 {}", at(0.999))),
        tile("wrong", count(total.wrong()), "5xx, unexpected, unanswered".into()),
        tile("limited", count(total.limited), "429 of the rate limit".into()),
        "</div>\n".to_owned(),
    ]
    .concat()
}

fn notes(page: &Page<'_>) -> String {
    let mut notes = String::new();
    for hint in page.hints {
        let _ = writeln!(notes, "<p class=\"note\">{}</p>", escape(hint));
    }
    if !page.record.complaints.is_empty() {
        notes.push_str("<h2>What was wrong</h2>\n<ul>\n");
        for ((endpoint, why), number) in &page.record.complaints {
            let (endpoint, why) = (escape(endpoint), escape(why));
            let _ = writeln!(notes, "<li>{} × <code>{endpoint}</code>: {why}</li>", count(*number));
        }
        notes.push_str("</ul>\n");
    }
    notes
}

fn table(record: &Record) -> String {
    let mut rows = String::new();
    let link = |place: usize, tally: &Tally, name: &str| {
        let name = escape(name);
        if tally.count() > 0 { format!("<a href=\"#e{place}\">{name}</a>") } else { name }
    };
    for (place, tally) in record.endpoints.iter().enumerate() {
        let [name, rest @ ..] = cells(record, tally);
        row(&mut rows, &link(place, tally, &name), &rest);
    }
    let [_, rest @ ..] = cells(record, &record.total);
    row(&mut rows, "<a href=\"#all\">all</a>", &rest);
    format!(
        "<div class=\"wide\"><table>\n<thead><tr><th>endpoint</th><th>count</th><th>/s</th><th>p50</th><th>p90</th>\
         <th>p99</th><th>p99.9</th><th>max</th><th class=\"text\">statuses</th><th>errors</th></tr></thead>\n<tbody>\n\
         {rows}</tbody>\n</table></div>\n\
         <p class=\"legend\">A latency runs from when its step was due to the end of its answer.</p>\n"
    )
}

fn row(rows: &mut String, name: &str, rest: &[String; 9]) {
    let _ = write!(rows, "<tr><th>{name}</th>");
    for (place, text) in rest.iter().enumerate() {
        let class = if place == 7 { " class=\"text\"" } else { "" };
        let _ = write!(rows, "<td{class}>{}</td>", escape(text));
    }
    rows.push_str("</tr>\n");
}

fn section(id: &str, name: &str, record: &Record, tally: &Tally, with_due: bool) -> String {
    let latency = plots::latency(record, tally).svg();
    let throughput = plots::throughput(record, tally, with_due).svg();
    format!(
        "<section id=\"{id}\">\n<h2>{}</h2>\n<div class=\"pair\">\n{latency}{throughput}</div>\n</section>\n",
        escape(name)
    )
}

/// Text for HTML, also within quotes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for each in text.chars() {
        match each {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            each if each.is_control() && each != '\n' => {}
            '\n' => escaped.push_str("&#10;"),
            each => escaped.push(each),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
