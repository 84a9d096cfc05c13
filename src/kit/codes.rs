//! Every error code in one table: its name, its status, its words in both languages. The pages under `/problems/`, the
//! OpenAPI document and the wording of every problem come from here. `{name}` stands for a value of the problem.

use super::language::Language;

macro_rules! codes {
    ($($variant:ident $name:literal $status:literal {
        vi: $title_vi:literal, $detail_vi:literal;
        en: $title_en:literal, $detail_en:literal;
    })+) => {
        /// A stable, machine-readable name of what went wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $detail_en] $variant,)+
        }

        impl Code {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The HTTP status it is answered with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// What kind of problem it is, for people.
            pub const fn title(self, language: Language) -> &'static str {
                match self { $(Self::$variant => language.pick($title_vi, $title_en),)+ }
            }

            /// What happened and what to do, for people; `{name}`s are still to be filled in.
            pub const fn detail(self, language: Language) -> &'static str {
                match self { $(Self::$variant => language.pick($detail_vi, $detail_en),)+ }
            }
        }
    };
}

codes! {
    MalformedRequest "malformed_request" 400 {
        vi: "Yêu cầu không đọc được", "Yêu cầu không đúng dạng HTTP mà máy chủ hiểu được.";
        en: "Malformed request", "The request is not in a form that the server understands.";
    }
    InvalidJson "invalid_json" 400 {
        vi: "JSON không hợp lệ", "Nội dung gửi lên không phải JSON hợp lệ (dòng {line}, cột {column}).";
        en: "Invalid JSON", "The body is not valid JSON (line {line}, column {column}).";
    }
    InvalidCursor "invalid_cursor" 400 {
        vi: "Con trỏ trang không hợp lệ", "Con trỏ này không thuộc danh sách và bộ lọc đang xem. Hãy đọc lại từ trang đầu.";
        en: "Invalid cursor", "This cursor is not of this list with these filters. Start again from the first page.";
    }
    InvalidIdempotencyKey "invalid_idempotency_key" 400 {
        vi: "Idempotency-Key không hợp lệ", "Idempotency-Key phải có từ 1 đến 255 ký tự ASCII hiển thị được.";
        en: "Invalid Idempotency-Key", "An Idempotency-Key has 1 to 255 visible ASCII characters.";
    }
    Unauthorized "unauthorized" 401 {
        vi: "Cần đăng nhập", "Yêu cầu này cần một access token trong tiêu đề Authorization: Bearer.";
        en: "Sign-in needed", "This request needs an access token in the header Authorization: Bearer.";
    }
    InvalidToken "invalid_token" 401 {
        vi: "Access token không hợp lệ", "Access token đã hết hạn, đã bị thu hồi hoặc không do máy chủ này cấp. Hãy làm mới hoặc đăng nhập lại.";
        en: "Invalid access token", "The access token has expired, was revoked, or is not of this server. Refresh it or sign in again.";
    }
    ZaloTokenRefused "zalo_token_refused" 401 {
        vi: "Zalo không chấp nhận mã truy cập", "Zalo không nhận access token này. Hãy lấy mã mới từ Zalo Mini App rồi thử lại.";
        en: "Zalo refused the token", "Zalo did not accept this access token. Get a new one from the Zalo Mini App and try again.";
    }
    InvalidRefreshToken "invalid_refresh_token" 401 {
        vi: "Refresh token không hợp lệ", "Refresh token đã hết hạn, đã dùng hoặc đã bị thu hồi. Hãy đăng nhập lại.";
        en: "Invalid refresh token", "The refresh token has expired, was used before, or was revoked. Sign in again.";
    }
    Forbidden "forbidden" 403 {
        vi: "Không có quyền", "Tài khoản của bạn không có vai trò cần thiết cho việc này.";
        en: "Not permitted", "Your account does not have the role that this needs.";
    }
    InsufficientScope "insufficient_scope" 403 {
        vi: "Ứng dụng thiếu phạm vi quyền", "Việc này cần phạm vi (scope) {scope}.";
        en: "Insufficient scope", "This needs the scope {scope}.";
    }
    NotFound "not_found" 404 {
        vi: "Không tìm thấy", "Không có gì ở địa chỉ này, hoặc bạn không được xem.";
        en: "Not found", "There is nothing at this address, or it is not for you to see.";
    }
    MethodNotAllowed "method_not_allowed" 405 {
        vi: "Phương thức không được hỗ trợ", "Địa chỉ này không nhận phương thức {method}; các phương thức có trong tiêu đề Allow.";
        en: "Method not allowed", "This address does not take {method}; the header Allow names what it takes.";
    }
    NotAcceptable "not_acceptable" 406 {
        vi: "Không có dạng được yêu cầu", "Máy chủ trả lời bằng application/json, nhưng tiêu đề Accept không nhận dạng này.";
        en: "Not acceptable", "The server answers in application/json, which the header Accept does not take.";
    }
    LaunchedCampaign "campaign_launched" 409 {
        vi: "Phong trào đã phát động", "Phong trào đã phát động thì không xóa, không phát động lại và không bỏ chỉ tiêu; chỉ kết thúc được.";
        en: "The campaign is launched", "A launched campaign cannot be deleted, launched again or lose a target; it can be closed.";
    }
    CampaignNotLaunched "campaign_not_launched" 409 {
        vi: "Phong trào chưa diễn ra", "Việc này chỉ làm được khi phong trào đã phát động và chưa kết thúc.";
        en: "The campaign is not running", "This is possible only in a campaign that is launched and not closed.";
    }
    PledgeSigned "pledge_signed" 409 {
        vi: "Giao ước đã ký", "Giao ước đã ký thì không sửa, không xóa được; chỉ bổ sung bằng phiên bản mới.";
        en: "The pledge is signed", "A signed pledge is neither changed nor deleted; it is amended by a new version.";
    }
    PledgeNotSigned "pledge_not_signed" 409 {
        vi: "Giao ước chưa ký", "Hãy ký giao ước trước khi báo cáo kết quả.";
        en: "The pledge is not signed", "Sign the pledge before checking in.";
    }
    CheckinConflict "checkin_conflict" 409 {
        vi: "Trùng mã báo cáo", "Mã báo cáo này đã được dùng cho một nội dung khác.";
        en: "Check-in conflict", "This check-in id was used before, with other content.";
    }
    CheckinDecided "checkin_decided" 409 {
        vi: "Báo cáo đã được xử lý", "Báo cáo đang ở trạng thái {status} nên không làm được việc này.";
        en: "The check-in is decided", "The check-in is {status}, so this cannot be done.";
    }
    ActivityState "activity_state" 409 {
        vi: "Trạng thái bài viết không cho phép", "Bài viết đang ở trạng thái {status} nên không làm được việc này.";
        en: "The activity's state does not allow it", "The activity is {status}, so this cannot be done.";
    }
    DeliveryState "delivery_state" 409 {
        vi: "Trạng thái tin gửi không cho phép", "Tin gửi đang ở trạng thái {status} nên không gửi lại được.";
        en: "The delivery's state does not allow it", "The delivery is {status}, so it cannot be sent again.";
    }
    AlreadyExists "already_exists" 409 {
        vi: "Đã tồn tại", "Đã có một bản ghi như vậy.";
        en: "Already there", "There is such a record already.";
    }
    RequestInFlight "request_in_flight" 409 {
        vi: "Yêu cầu trước chưa xong", "Một yêu cầu cùng Idempotency-Key đang được xử lý. Hãy thử lại sau giây lát.";
        en: "Still in progress", "A request with this Idempotency-Key is still in progress. Try again in a moment.";
    }
    PreconditionFailed "precondition_failed" 412 {
        vi: "Dữ liệu đã thay đổi", "Bản ghi đã được người khác sửa từ lúc bạn đọc. Hãy đọc lại rồi thử lại.";
        en: "It has changed meanwhile", "Somebody has changed it since you read it. Read it again, then try again.";
    }
    BodyTooLarge "body_too_large" 413 {
        vi: "Nội dung quá lớn", "Nội dung gửi lên được tối đa {limit} byte, tính cả khi đã giải nén.";
        en: "The body is too large", "A body may have at most {limit} bytes, also after decompression.";
    }
    UriTooLong "uri_too_long" 414 {
        vi: "Địa chỉ quá dài", "Địa chỉ của yêu cầu quá dài.";
        en: "The address is too long", "The address of the request is too long.";
    }
    UnsupportedMediaType "unsupported_media_type" 415 {
        vi: "Kiểu nội dung không được hỗ trợ", "Hãy gửi nội dung với Content-Type: {expected}.";
        en: "Unsupported media type", "Send the body with Content-Type: {expected}.";
    }
    InvalidInput "invalid_input" 422 {
        vi: "Dữ liệu chưa đúng", "Có {count} chỗ chưa đúng; xem errors để biết từng chỗ.";
        en: "Invalid input", "{count} things are wrong; errors names each of them.";
    }
    IdempotencyKeyReused "idempotency_key_reused" 422 {
        vi: "Idempotency-Key đã dùng cho nội dung khác", "Khóa này đã dùng cho một yêu cầu có nội dung khác. Mỗi yêu cầu mới cần một khóa mới.";
        en: "Idempotency-Key reused", "This key was used for a request with other content. Each new request needs a new key.";
    }
    TooManyRequests "too_many_requests" 429 {
        vi: "Quá nhiều yêu cầu", "Bạn đã gửi quá nhiều yêu cầu. Hãy chờ theo tiêu đề Retry-After rồi thử lại.";
        en: "Too many requests", "You have sent too many requests. Wait as Retry-After says, then try again.";
    }
    InternalError "internal_error" 500 {
        vi: "Lỗi của máy chủ", "Máy chủ gặp lỗi ngoài dự kiến. Khi báo lỗi, hãy kèm request_id.";
        en: "Internal error", "Something unexpected happened on the server. When you report it, quote the request_id.";
    }
    ZaloMisconfigured "zalo_misconfigured" 500 {
        vi: "Kết nối Zalo cấu hình sai", "Máy chủ chưa được cấu hình đúng để gọi Zalo (ví dụ địa chỉ IP ngoài Việt Nam). Người vận hành đã được báo.";
        en: "Zalo is not configured rightly", "The server is not set up rightly to call Zalo (for example, its address is outside Vietnam). The operator has been alerted.";
    }
    ZaloUnavailable "zalo_unavailable" 503 {
        vi: "Zalo đang gián đoạn", "Hiện không liên lạc được với Zalo. Người đã đăng nhập vẫn dùng bình thường; hãy thử đăng nhập lại sau giây lát.";
        en: "Zalo is unavailable", "Zalo cannot be reached right now. Whoever is signed in goes on as usual; try to sign in again in a moment.";
    }
    Unavailable "unavailable" 503 {
        vi: "Tạm thời không phục vụ được", "Máy chủ đang bận hoặc đang khởi động lại. Hãy thử lại sau giây lát.";
        en: "Unavailable for the moment", "The server is busy or restarting. Try again in a moment.";
    }
}

macro_rules! fault_codes {
    ($($variant:ident $name:literal { vi: $vi:literal; en: $en:literal; })+) => {
        /// What is wrong with one field or parameter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FaultCode {
            $(#[doc = $en] $variant,)+
        }

        impl FaultCode {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What is wrong, for people; `{name}`s are still to be filled in.
            pub const fn detail(self, language: Language) -> &'static str {
                match self { $(Self::$variant => language.pick($vi, $en),)+ }
            }
        }
    };
}

fault_codes! {
    Missing "missing" { vi: "Bắt buộc phải có."; en: "It is required."; }
    UnknownField "unknown_field" { vi: "Không có trường hay tham số này."; en: "There is no such field or parameter."; }
    WrongType "wrong_type" { vi: "Sai kiểu dữ liệu, cần {expected}."; en: "It is of the wrong type; {expected} is expected."; }
    OutOfRange "out_of_range" { vi: "Ngoài giới hạn cho phép ({limit})."; en: "It is out of range ({limit})."; }
    TooShort "too_short" { vi: "Quá ngắn, cần ít nhất {limit} ký tự."; en: "It is too short; at least {limit} characters are needed."; }
    TooLong "too_long" { vi: "Quá dài, tối đa {limit} ký tự."; en: "It is too long; at most {limit} characters are allowed."; }
    TooFew "too_few" { vi: "Quá ít phần tử, cần ít nhất {limit}."; en: "It has too few items; at least {limit} are needed."; }
    TooMany "too_many" { vi: "Quá nhiều phần tử, tối đa {limit}."; en: "It has too many items; at most {limit} are allowed."; }
    TooPrecise "too_precise" { vi: "Tối đa 3 chữ số thập phân."; en: "At most 3 decimals are allowed."; }
    WrongFormat "wrong_format" { vi: "Sai định dạng, cần {expected}."; en: "It is in the wrong format; {expected} is expected."; }
    NotOneOf "not_one_of" { vi: "Phải là một trong: {options}."; en: "It must be one of: {options}."; }
    Duplicate "duplicate" { vi: "Bị lặp lại."; en: "It is there twice."; }
    InvalidCharacter "invalid_character" { vi: "Có ký tự không được phép (U+0000)."; en: "It has a character that is not allowed (U+0000)."; }
    NoSuchThing "no_such_thing" { vi: "Không tồn tại, hoặc bạn không được xem."; en: "It does not exist, or is not for you to see."; }
    EndsBeforeStart "ends_before_start" { vi: "Ngày kết thúc trước ngày bắt đầu."; en: "It ends before it starts."; }
    OutsideCampaign "outside_campaign" { vi: "Nằm ngoài thời gian của phong trào."; en: "It lies outside the campaign's time."; }
    InFuture "in_future" { vi: "Thời điểm ở tương lai."; en: "It lies in the future."; }
    OtherUnitOfMeasure "other_unit_of_measure" { vi: "Khác đơn vị tính của chỉ tiêu ({expected})."; en: "It differs from the target's unit of measure ({expected})."; }
    DoesNotAddUp "does_not_add_up" { vi: "Chỉ tiêu phần trăm không cộng dồn, không nhận cam kết trực tiếp."; en: "A percentage does not add up and takes no commitments of its own."; }
    NotAllowed "not_allowed" { vi: "Không được phép trong trường hợp này."; en: "It is not allowed in this case."; }
}

/// Fills the `{name}`s of a text.
pub fn fill(text: &str, values: &[(&'static str, String)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_words_in_both_languages_and_a_name_of_its_own() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!((400..600).contains(&code.status()), "{}", code.name());
            for language in [Language::Vietnamese, Language::English] {
                assert!(code.title(language).len() > 4 && code.detail(language).len() > 10, "{}", code.name());
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_blanks() {
        let blanks = |text: &str| {
            let mut blanks: Vec<_> =
                text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned).collect();
            blanks.sort();
            blanks
        };
        for code in Code::ALL {
            assert_eq!(blanks(code.detail(Language::Vietnamese)), blanks(code.detail(Language::English)));
        }
        for code in FaultCode::ALL {
            assert_eq!(blanks(code.detail(Language::Vietnamese)), blanks(code.detail(Language::English)));
        }
    }
}
