//! The page around plots and tables.

use super::svg::escape;

const STYLE: &str = "\
:root{color-scheme:light dark}*{box-sizing:border-box}\
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;padding:1rem;max-width:72rem;background:#fff;color:#1a1a1a}\
h1{font-size:1.5rem;line-height:1.2}h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:1.5rem 0 .25rem;overflow-wrap:anywhere}\
.scroll{overflow-x:auto;margin:1rem 0}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}\
th,td{padding:.25rem .6rem;text-align:right;white-space:nowrap;border-bottom:1px solid #ddd}\
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal;overflow-wrap:anywhere;min-width:12rem}\
.plots{display:flex;flex-wrap:wrap;align-items:flex-start;gap:1rem}.plots>svg{flex:1 1 26rem}svg.plot{display:block;width:100%;max-width:40rem;height:auto}\
.note{color:#555}\
@media(prefers-color-scheme:dark){body{background:#16181c;color:#eee}th,td{border-color:#333}.note{color:#aaa}}";

/// A whole HTML document with this title (escaped, shown as the heading) and this body (HTML already).
/// It holds its style, in light and dark, fits a phone, has no script and refers to nothing outside.
/// Plots inside an element of class `plots` stand side by side where there is room.
pub fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )
}

/// A table with its heads, all cells escaped; the first column flush left, the others right. A row
/// may be shorter than the heads.
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
    for head in heads {
        out += &format!("<th scope=\"col\">{}</th>", escape(head));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in rows {
        out += "<tr>";
        for cell in row {
            out += &format!("<td>{}</td>", escape(cell));
        }
        out += "</tr>\n";
    }
    out + "</tbody></table></div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_cells_are_escaped_and_bodies_are_not() {
        let html = page("a<b", &table(&["x&y"], &[vec!["<i>".to_owned()]]));
        assert!(html.contains("<title>a&lt;b</title>") && html.contains("<h1>a&lt;b</h1>"));
        assert!(html.contains("<th scope=\"col\">x&amp;y</th>"));
        assert!(html.contains("<td>&lt;i&gt;</td>"));
    }
}
