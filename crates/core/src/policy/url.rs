//! What in a URL opens what it leads to: user and password, keys and signatures in its query.

use std::borrow::Cow;

/// Names of parameters, or parts of them, whose values open something. Sources: the presigned URLs of S3 (`X-Amz-*`), Google Cloud
/// Storage (`X-Goog-*`), Azure Storage (`sig`, `skoid`, …), CloudFront (`Key-Pair-Id`, `Policy`, `Signature`), and usual names.
const SECRETS: &[&str] =
    &["sig", "key", "token", "secret", "password", "passwd", "credential", "policy", "auth", "code", "session"];

/// `url` with the values masked that open what it leads to.
pub(super) fn scrubbed(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else { return Cow::Borrowed(url) };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let user = authority.rsplit_once('@');
    let opens = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        SECRETS.iter().any(|secret| name.contains(secret))
    };
    if user.is_none() && !query.is_some_and(|query| query.split(['&', ';']).any(opens)) {
        return Cow::Borrowed(url);
    }
    let mut out = format!("{scheme}://");
    match user {
        Some((user, host)) => out.push_str(&format!("[url-user:{}]@{host}", user.len())),
        None => out.push_str(authority),
    }
    out.push_str(path);
    // A signature is over all of the query: none of it is worth more than it tells.
    if let Some(query) = query {
        out.push_str(&format!("?[url-query:{}]", query.len()));
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_a_url_is_masked_and_other_urls_stay() {
        for url in ["https://example.com/a.png", "https://example.com/a?size=2&x=1", "not a url?key=1", "https://h", ""]
        {
            assert_eq!(scrubbed(url), url);
        }
        let masked = [
            ("https://u:p@h/a", "https://[url-user:3]@h/a"),
            ("https://h/a?X-Amz-Date=1&X-Amz-Signature=ab", "https://h/a?[url-query:31]"),
            ("https://h?sv=1&sig=x", "https://h?[url-query:10]"),
            ("https://h/a?API_KEY=x#f", "https://h/a?[url-query:11]"),
        ];
        for (url, expected) in masked {
            assert_eq!(scrubbed(url), expected);
        }
    }
}
