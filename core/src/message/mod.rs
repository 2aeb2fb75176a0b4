//! Messages: header fields, dates, MIME structure by byte range, trace fields. All streaming.
