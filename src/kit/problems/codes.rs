//! Every error code in one table: its name, its status, its words in both languages. The pages under `/problems/`, the
//! OpenAPI document and the wording of every problem come from here. `{name}` stands for a value of the problem.

use crate::kit::values::language::Language;

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
    InvalidSignature "invalid_signature" 401 {
        vi: "Chữ ký không đúng", "Sự kiện không được ký bằng khóa đã cấu hình cho máy chủ này.";
        en: "Invalid signature", "The event is not signed with the key that is configured on this server.";
    }
    Forbidden "forbidden" 403 {
        vi: "Không có quyền", "Tài khoản của bạn không có vai trò cần thiết cho việc này.";
        en: "Not permitted", "Your account does not have the role that this needs.";
    }
    PreflightRefused "preflight_refused" 403 {
        vi: "Trang web này không được gọi như vậy", "Trình duyệt hỏi trước thay một trang web, và nguồn (Origin), phương thức hoặc tiêu đề của yêu cầu đó không được phép. Nguồn được khai trong server.cors_origins hoặc ở ứng dụng (allowed_origins).";
        en: "The page may not call like this", "A browser asked beforehand on behalf of a page, and the origin, the method or a header of that request is not allowed. Origins are named in server.cors_origins or by an app (allowed_origins).";
    }
    StaffAccount "staff_account" 403 {
        vi: "Hãy đăng nhập bằng mật khẩu", "Thành viên này có tài khoản quản lý nên không đăng nhập qua Zalo. Hãy đăng nhập bằng tên đăng nhập và mật khẩu.";
        en: "Sign in with your password", "This member has a staff account and does not sign in with Zalo. Sign in with your username and password.";
    }
    OwnCheckin "own_checkin" 403 {
        vi: "Không tự xác nhận báo cáo của mình", "Không ai xác nhận hay trả lại báo cáo do chính mình gửi. Người quản lý khác của đơn vị hoặc của cấp trên sẽ làm việc này; ở đơn vị cao nhất là quản trị viên, và với báo cáo của quản trị viên là một quản trị viên khác.";
        en: "It is your own check-in", "Nobody verifies or returns a check-in of their own. Another manager of the unit or of one above it decides; at the topmost unit an admin, and on an admin's check-in another admin.";
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
        vi: "Không có dạng được yêu cầu", "Máy chủ trả lời bằng {media_type}, nhưng tiêu đề Accept không nhận dạng này.";
        en: "Not acceptable", "The server answers in {media_type}, which the header Accept does not take.";
    }
    BodyTooSlow "body_too_slow" 408 {
        vi: "Nội dung đến quá chậm", "Nội dung của yêu cầu chưa đến đủ trong thời gian cho phép: 20 giây, hoặc với tệp thì ít nhất 16 KiB mỗi giây và không quá 10 phút. Chưa có gì được lưu; hãy gửi lại khi mạng tốt hơn.";
        en: "The body came too slowly", "The body of the request did not arrive in time: within 20 seconds, or for a file at 16 KiB a second or more and within 10 minutes. Nothing was saved; send it again over a better connection.";
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
    TooManyPledges "too_many_pledges" 409 {
        vi: "Quá nhiều giao ước", "Mỗi người hoặc đơn vị có tối đa {limit} giao ước chưa hoàn thành trong một phong trào. Hãy hoàn thành hoặc xóa bớt giao ước nháp trước khi thêm.";
        en: "Too many pledges", "The largest number of pledges that are not fulfilled is {limit}, for each member or unit and campaign. Fulfil one or delete a draft, then add another one.";
    }
    CheckinConflict "checkin_conflict" 409 {
        vi: "Trùng mã báo cáo", "Mã báo cáo này đã được dùng cho một nội dung khác.";
        en: "Check-in conflict", "This check-in id was used before, with other content.";
    }
    CheckinDecided "checkin_decided" 409 {
        vi: "Báo cáo đã được xử lý", "Báo cáo đang ở trạng thái {status} nên không làm được việc này.";
        en: "The check-in is decided", "The check-in is {status}, so this cannot be done.";
    }
    TotalTooLarge "total_too_large" 409 {
        vi: "Tổng không còn chỗ", "Nếu tính báo cáo này, tổng của chỉ tiêu ở đơn vị sẽ vượt mức lưu được ({limit}). Hãy trả lại báo cáo này, hoặc những báo cáo sai đã được tính.";
        en: "The total has no room for it", "With this check-in the target's total in the unit would be more than can be kept ({limit}). Return it, or return the wrong ones that are counted already.";
    }
    ActivityState "activity_state" 409 {
        vi: "Trạng thái bài viết không cho phép", "Bài viết đang ở trạng thái {status} nên không làm được việc này.";
        en: "The activity's state does not allow it", "The activity is {status}, so this cannot be done.";
    }
    DeliveryState "delivery_state" 409 {
        vi: "Trạng thái tin gửi không cho phép", "Tin gửi đang ở trạng thái {status} nên không gửi lại được.";
        en: "The delivery's state does not allow it", "The delivery is {status}, so it cannot be sent again.";
    }
    UnitCycle "unit_cycle" 409 {
        vi: "Cây tổ chức bị khép vòng", "Nếu làm vậy, đơn vị {unit} sẽ nằm dưới chính nó.";
        en: "A cycle of units", "With this, the unit {unit} would stand below itself.";
    }
    UnitInUse "unit_in_use" 409 {
        vi: "Đơn vị còn ràng buộc", "Chưa kết thúc được đơn vị này; xem errors để biết từng lý do.";
        en: "The unit is in use", "The unit cannot be closed yet; errors names each reason.";
    }
    UnitEnded "unit_ended" 409 {
        vi: "Đơn vị đã kết thúc", "Đơn vị đã kết thúc, hoặc sẽ kết thúc trước ngày cuối của giao ước hay phong trào này.";
        en: "The unit has ended", "The unit has ended, or ends before the last day of this pledge or campaign.";
    }
    MembershipOverlap "membership_overlap" 409 {
        vi: "Trùng thời gian sinh hoạt", "Mỗi người chỉ có một nơi sinh hoạt chính tại một thời điểm, và không ghi hai lần ở cùng một đơn vị.";
        en: "Memberships overlap", "A member has one home at a time, and is not in the same unit twice.";
    }
    RoleAlreadyGranted "role_already_granted" 409 {
        vi: "Vai trò đã được giao", "Người này đã có vai trò đó ở đơn vị này trong thời gian ấy (mã {grant}). Muốn đổi thời hạn, hãy thu hồi rồi giao lại.";
        en: "The role is granted already", "They hold this role over this unit in that time already (grant {grant}). To change its period, take it back and grant it anew.";
    }
    LastAdmin "last_admin" 409 {
        vi: "Quản trị viên cuối cùng", "Sau việc này sẽ không còn quản trị viên nào đăng nhập được, hoặc không còn ai giữ vai trò đó vô thời hạn. Hãy giao vai trò quản trị cho một tài khoản quản lý khác trước, rồi thử lại.";
        en: "The last admin", "After this no admin could sign in any more, or none whose role has no end. Make another admin first, with a staff account that is not disabled, then try again.";
    }
    DataRequestResolved "data_request_resolved" 409 {
        vi: "Yêu cầu đã được xử lý xong", "Yêu cầu về dữ liệu cá nhân này đã xong nên không làm được việc này.";
        en: "The request is resolved", "This request about personal data is resolved, so this cannot be done.";
    }
    AlreadyExists "already_exists" 409 {
        vi: "Đã tồn tại", "Đã có một bản ghi như vậy.";
        en: "Already there", "There is such a record already.";
    }
    RequestInFlight "request_in_flight" 409 {
        vi: "Yêu cầu trước chưa xong", "Một yêu cầu cùng Idempotency-Key đang được xử lý. Hãy thử lại sau giây lát.";
        en: "Still in progress", "A request with this Idempotency-Key is still in progress. Try again in a moment.";
    }
    AnswerGone "answer_gone" 410 {
        vi: "Câu trả lời không còn nữa", "Yêu cầu này đã được thực hiện; câu trả lời được giữ lại có dữ liệu của một người đã bị xóa nên không còn nữa.";
        en: "The answer is gone", "This request was carried out; the answer that was kept had data of somebody who was erased since.";
    }
    PreconditionFailed "precondition_failed" 412 {
        vi: "Dữ liệu đã thay đổi", "Bản ghi đã được người khác sửa từ lúc bạn đọc. Hãy đọc lại rồi thử lại.";
        en: "It has changed meanwhile", "Somebody has changed it since you read it. Read it again, then try again.";
    }
    BodyTooLarge "body_too_large" 413 {
        vi: "Nội dung quá lớn", "Nội dung gửi lên được tối đa {limit} byte.";
        en: "The body is too large", "A body may have at most {limit} bytes.";
    }
    UriTooLong "uri_too_long" 414 {
        vi: "Địa chỉ quá dài", "Địa chỉ của yêu cầu quá dài.";
        en: "The address is too long", "The address of the request is too long.";
    }
    UnsupportedMediaType "unsupported_media_type" 415 {
        vi: "Kiểu nội dung không được hỗ trợ", "Hãy gửi nội dung với Content-Type: {expected}.";
        en: "Unsupported media type", "Send the body with Content-Type: {expected}.";
    }
    UnsupportedCoding "unsupported_coding" 415 {
        vi: "Không nhận nội dung nén", "Hãy gửi nội dung không nén, không có tiêu đề Content-Encoding.";
        en: "Compressed bodies are not taken", "Send the body as it is, without the header Content-Encoding.";
    }
    UnsupportedFile "unsupported_file" 415 {
        vi: "Loại tệp không được hỗ trợ", "Hãy gửi tệp CSV (mã UTF-8) hoặc XLSX. Tệp Excel cũ (.xls): mở bằng Excel rồi lưu lại thành .xlsx.";
        en: "Unsupported kind of file", "Send a CSV file (in UTF-8) or an XLSX file. An old Excel file (.xls): open it in Excel and save it as .xlsx.";
    }
    InvalidInput "invalid_input" 422 {
        vi: "Dữ liệu chưa đúng", "Có {count} chỗ chưa đúng; xem errors để biết từng chỗ.";
        en: "Invalid input", "Not everything is right (faults: {count}); errors names each of them.";
    }
    PictureTooLarge "picture_too_large" 422 {
        vi: "Ảnh quá lớn", "Ảnh được tối đa {megapixels} triệu điểm ảnh và mỗi cạnh tối đa {side} điểm ảnh.";
        en: "The picture is too large", "A picture may have at most {megapixels} million pixels, and {side} on a side.";
    }
    AnimatedPicture "animated_picture" 422 {
        vi: "Ảnh động không được nhận", "Hãy chọn một ảnh tĩnh JPEG, PNG hoặc WebP.";
        en: "Animated pictures are not taken", "Choose a still JPEG, PNG or WebP.";
    }
    UnreadablePicture "unreadable_picture" 422 {
        vi: "Ảnh không đọc được", "Tệp ảnh bị hỏng hoặc không trọn vẹn. Hãy chọn ảnh khác.";
        en: "The picture cannot be read", "The picture is damaged or incomplete. Choose another one.";
    }
    IdempotencyKeyReused "idempotency_key_reused" 422 {
        vi: "Idempotency-Key đã dùng cho nội dung khác", "Khóa này đã dùng cho một yêu cầu có nội dung khác. Mỗi yêu cầu mới cần một khóa mới.";
        en: "Idempotency-Key reused", "This key was used for a request with other content. Each new request needs a new key.";
    }
    TooManyRequests "too_many_requests" 429 {
        vi: "Quá nhiều yêu cầu", "Bạn đã gửi quá nhiều yêu cầu. Hãy chờ theo tiêu đề Retry-After rồi thử lại.";
        en: "Too many requests", "You have sent too many requests. Wait as Retry-After says, then try again.";
    }
    TooManyUploads "too_many_uploads" 429 {
        vi: "Đang gửi quá nhiều tệp", "Bạn đang gửi nhiều tệp cùng lúc (tối đa {limit}). Hãy chờ một tệp xong rồi gửi tiếp.";
        en: "Too many uploads at once", "You are sending several files at the same time (at most {limit}). Wait until one is done, then send the next.";
    }
    InternalError "internal_error" 500 {
        vi: "Lỗi của máy chủ", "Máy chủ gặp lỗi ngoài dự kiến. Khi báo lỗi, hãy kèm request_id.";
        en: "Internal error", "Something unexpected happened on the server. When you report it, quote the request_id.";
    }
    ZaloMisconfigured "zalo_misconfigured" 500 {
        vi: "Kết nối Zalo cấu hình sai", "Máy chủ chưa được cấu hình đúng để gọi Zalo (ví dụ địa chỉ IP ngoài Việt Nam). Người vận hành đã được báo.";
        en: "Zalo is not configured rightly", "The server is not set up rightly to call Zalo (for example, its address is outside Vietnam). The operator has been alerted.";
    }
    ZaloOutsideVietnam "zalo_outside_vietnam" 503 {
        vi: "Zalo không phục vụ máy chủ ngoài Việt Nam", "Zalo chỉ cung cấp thông tin cho máy chủ có địa chỉ tại Việt Nam. Người vận hành đã được báo; người đã đăng nhập vẫn dùng bình thường.";
        en: "Zalo serves no server outside Vietnam", "Zalo gives personal information only to servers whose address is in Vietnam. The operator has been alerted; whoever is signed in goes on as usual.";
    }
    ZaloUnavailable "zalo_unavailable" 503 {
        vi: "Zalo đang gián đoạn", "Hiện không liên lạc được với Zalo. Người đã đăng nhập vẫn dùng bình thường; hãy thử đăng nhập lại sau giây lát.";
        en: "Zalo is unavailable", "Zalo cannot be reached right now. Whoever is signed in goes on as usual; try to sign in again in a moment.";
    }
    Unavailable "unavailable" 503 {
        vi: "Tạm thời không phục vụ được", "Máy chủ đang bận hoặc đang khởi động lại. Hãy thử lại sau giây lát.";
        en: "Unavailable for the moment", "The server is busy or restarting. Try again in a moment.";
    }
    OutcomeUnknown "outcome_unknown" 503 {
        vi: "Chưa rõ kết quả", "Kết nối bị ngắt đúng lúc lưu nên chưa rõ nội dung đã được lưu hay chưa. Hãy gửi lại với cùng Idempotency-Key hoặc cùng id: việc đã lưu sẽ không bị làm hai lần.";
        en: "Outcome unknown", "The connection was lost while the change was being saved, so it may or may not have been saved. Send it again with the same Idempotency-Key or the same id: what was saved is not done twice.";
    }
    StorageFull "storage_full" 507 {
        vi: "Máy chủ hết chỗ lưu", "Máy chủ không còn chỗ để lưu nên nội dung này chưa được lưu. Việc đọc vẫn bình thường. Hãy gửi lại sau, theo tiêu đề Retry-After.";
        en: "No storage left", "The server has no room left to store this, so it was not saved. Reading goes on as usual. Send it again later, as Retry-After says.";
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

            /// The code of that name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.name() == name)
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
    TooShort "too_short" { vi: "Quá ngắn, cần ít nhất {limit} ký tự."; en: "It is too short; the least number of characters is {limit}."; }
    TooLong "too_long" { vi: "Quá dài, tối đa {limit} ký tự."; en: "It is too long; the largest number of characters is {limit}."; }
    TooFew "too_few" { vi: "Quá ít phần tử, cần ít nhất {limit}."; en: "It has too few items; the least number is {limit}."; }
    TooMany "too_many" { vi: "Quá nhiều phần tử, tối đa {limit}."; en: "It has too many items; the largest number is {limit}."; }
    TooPrecise "too_precise" { vi: "Tối đa 3 chữ số thập phân."; en: "At most 3 decimals are allowed."; }
    WrongFormat "wrong_format" { vi: "Sai định dạng, cần {expected}."; en: "It is in the wrong format; {expected} is expected."; }
    NotOneOf "not_one_of" { vi: "Phải là một trong: {options}."; en: "It must be one of: {options}."; }
    Duplicate "duplicate" { vi: "Bị lặp lại."; en: "It is there twice."; }
    BadEncoding "bad_encoding" { vi: "Mã hóa phần trăm (%XX) sai, hoặc không phải UTF-8."; en: "Its percent-encoding (%XX) is broken, or it is not UTF-8."; }
    InvalidCharacter "invalid_character" { vi: "Có ký tự không được phép (U+0000)."; en: "It has a character that is not allowed (U+0000)."; }
    NoSuchThing "no_such_thing" { vi: "Không tồn tại, hoặc bạn không được xem."; en: "It does not exist, or is not for you to see."; }
    EndsBeforeStart "ends_before_start" { vi: "Ngày kết thúc trước ngày bắt đầu."; en: "It ends before it starts."; }
    OutsideCampaign "outside_campaign" { vi: "Nằm ngoài thời gian của phong trào."; en: "It lies outside the campaign's time."; }
    InFuture "in_future" { vi: "Thời điểm ở tương lai."; en: "It lies in the future."; }
    OtherUnitOfMeasure "other_unit_of_measure" { vi: "Khác đơn vị tính của chỉ tiêu ({expected})."; en: "It differs from the target's unit of measure ({expected})."; }
    DoesNotAddUp "does_not_add_up" { vi: "Chỉ tiêu phần trăm không cộng dồn, không nhận cam kết trực tiếp."; en: "A percentage does not add up and takes no commitments of its own."; }
    InPast "in_past" { vi: "Ngày đã qua; chỉ quản trị viên mới được sửa quá khứ."; en: "The day is past; only an admin may change the past."; }
    NotThereThen "not_there_then" { vi: "Đơn vị không tồn tại vào ngày đó."; en: "The unit is not there on that day."; }
    EndsTooSoon "ends_too_soon" { vi: "Đơn vị này kết thúc quá sớm cho việc đó."; en: "That unit ends too soon for this."; }
    ChangePlanned "change_planned" { vi: "Đã có thay đổi được lên kế hoạch sau ngày này."; en: "A change after this day is planned already."; }
    HasUnitsBelow "has_units_below" { vi: "Vẫn còn đơn vị trực thuộc từ ngày này."; en: "Units still stand under it from this day on."; }
    HasMembers "has_members" { vi: "Vẫn còn thành viên từ ngày này."; en: "Members still belong to it from this day on."; }
    HasRunningCampaigns "has_running_campaigns" { vi: "Phong trào do đơn vị phát động chưa kết thúc."; en: "A campaign that it launched is still running."; }
    HasRunningPledges "has_running_pledges" { vi: "Đơn vị còn giao ước trong phong trào chưa kết thúc."; en: "It has a pledge in a campaign that is still running."; }
    NotPermitted "not_permitted" { vi: "Ngoài phạm vi đơn vị mà bạn quản lý."; en: "It is outside of the units that you manage."; }
    BeyondOwnRole "beyond_own_role" { vi: "Vượt ra ngoài thời gian mà chính bạn quản lý đơn vị này."; en: "It goes beyond the time in which you manage the unit yourself."; }
    Ambiguous "ambiguous" { vi: "Có nhiều hơn một kết quả phù hợp; hãy dùng ID hoặc mã, hoặc ghi thêm đơn vị cấp trên."; en: "More than one fits; use an id or a code, or name the unit above."; }
    Taken "taken" { vi: "Đã thuộc về người hoặc đơn vị khác."; en: "It belongs to somebody or something else already."; }
    SameAsRow "same_as_row" { vi: "Trùng với dòng {row} của tệp; dòng đầu được giữ."; en: "It is the same as row {row} of the file; the first one stands."; }
    OtherIdentity "other_identity" { vi: "Mã, số điện thoại hoặc ID trên dòng này thuộc về những người khác nhau."; en: "The code, the phone number and the id of this row belong to different people."; }
    ChangedMeanwhile "changed_meanwhile" { vi: "Dữ liệu liên quan đã thay đổi sau khi tệp được kiểm tra, nên dòng này không được nhận."; en: "What it is about has changed since the file was checked, so the row was left out."; }
    RowLeftOut "row_left_out" { vi: "Đơn vị cấp trên ở dòng {row} của tệp, và dòng đó không được nhận."; en: "The unit above is in row {row} of the file, which was left out."; }
    Cycle "cycle" { vi: "Đơn vị không thể ở dưới chính nó."; en: "A unit cannot stand below itself."; }
    WouldMove "would_move" { vi: "Đơn vị đang trực thuộc đơn vị khác. Nhập tệp không chuyển đơn vị; hãy dùng POST /v1/units/…/move."; en: "The unit stands under another one. An import moves no units; use POST /v1/units/…/move."; }
    OverlapsEarlier "overlaps_earlier" { vi: "Ngày này nằm trong thời gian ở đơn vị trước."; en: "The day lies in the time in the unit before."; }
    BeforeUnitAbove "before_unit_above" { vi: "Đơn vị cấp trên chưa có vào ngày này."; en: "The unit above was not there yet on that day."; }
    BeforePresentUnit "before_present_unit" { vi: "Ngày này không sau ngày vào đơn vị hiện tại, có lẽ là ngày vào đơn vị cũ. Hãy ghi ngày chuyển đến đơn vị mới, hoặc để trống để chuyển từ hôm nay."; en: "The day is not after the one on which the member came to the unit they are in, and is perhaps of that unit. Give the day of the transfer, or leave it empty to transfer them today."; }
    MissingColumn "missing_column" { vi: "Thiếu cột bắt buộc: {options}."; en: "A column is missing: {options}."; }
    SameColumnTwice "same_column_twice" { vi: "Hai cột cùng một nội dung: {options}."; en: "Two columns mean the same: {options}."; }
    NotUtf8 "not_utf8" { vi: "Tệp CSV không phải mã UTF-8. Trong Excel: Lưu thành, chọn CSV UTF-8."; en: "The CSV file is not in UTF-8. In Excel: Save as, choose CSV UTF-8."; }
    UnclosedQuote "unclosed_quote" { vi: "Dấu ngoặc kép (\") mở ở dòng {line} của tệp không được đóng đúng chỗ, nên những dòng sau bị nuốt vào một ô. Chưa có gì được nhận; hãy sửa rồi gửi lại tệp."; en: "The quotation mark (\") that opens in line {line} of the file is not closed where it should be, so that the lines after it fall into one cell. Nothing was taken; mend it and send the file again."; }
    LineBreak "line_break" { vi: "Ô này có xuống dòng, nên có thể đã nuốt những dòng khác của tệp. Hãy viết nội dung trên một dòng và kiểm tra dấu ngoặc kép."; en: "The cell has a line break, and may have other rows of the file in it. Write what it says on one line, and look at the quotation marks."; }
    BrokenFile "broken_file" { vi: "Tệp bị hỏng hoặc không đọc được."; en: "The file is broken or cannot be read."; }
    UnpacksTooLarge "unpacks_too_large" { vi: "Tệp nén phình quá lớn khi mở (tối đa {limit} byte)."; en: "The file becomes too large when it is unpacked (at most {limit} bytes)."; }
    RowTooLong "row_too_long" { vi: "Tệp có dòng quá dài: các ô của một dòng cộng lại được tối đa 64 kB."; en: "A row of the file is too long: its cells together may have at most 64 kB."; }
    EmptyFile "empty_file" { vi: "Tệp không có dòng nào."; en: "The file has no rows."; }
    TooManyRows "too_many_rows" { vi: "Tệp có quá nhiều dòng, tối đa {limit}. Hãy chia tệp."; en: "The file has too many rows; the largest number is {limit}. Divide it."; }
    Expired "expired" { vi: "Quá thời hạn xử lý; dữ liệu tạm đã được xóa. Hãy gửi lại tệp."; en: "It was not done in time; what was kept of it is deleted. Send the file again."; }
    Unexpected "unexpected" { vi: "Lỗi ngoài dự kiến của máy chủ. Những dòng đã nhận vẫn được giữ; hãy gửi lại tệp để làm tiếp."; en: "Something unexpected happened on the server. Rows that were taken stay; send the file again to go on."; }
    WrongPassword "wrong_password" { vi: "Mật khẩu không đúng."; en: "It is not the password."; }
    WrongCode "wrong_code" { vi: "Mã không đúng hoặc đã hết hạn."; en: "The code is not right, or it is too old."; }
    TooWeak "too_weak" { vi: "Quá dễ đoán: phải khác mật khẩu cũ và không chứa tên đăng nhập."; en: "It is too easy to guess: it must differ from the old one and not have the username in it."; }
    NotAllowed "not_allowed" { vi: "Không được phép trong trường hợp này."; en: "It is not allowed in this case."; }
}

/// What could stand for the `{name}` of a code's words, where a code is explained and nothing has happened. None when the
/// table lacks it, which a test finds.
pub fn example_of(name: &str) -> Option<&'static str> {
    let example = match name {
        "line" => "1",
        "column" => "10",
        "scope" => "campaigns:read",
        "method" => "PUT",
        "status" => "archived",
        "limit" => "1048576",
        "expected" => "application/json",
        "count" => "1",
        "options" => "unit, member",
        "unit" => "Chi bộ 1",
        "grant" => "019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e",
        "row" => "12",
        "megapixels" => "50",
        "side" => "20000",
        "media_type" => "application/json",
        _ => return None,
    };
    Some(example)
}

/// The names of the blanks of a text.
pub fn blanks(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next())
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

    /// Tones stand on the first vowel of an open `oa`, `oe`, `uy`, as the press of the State has them.
    #[test]
    fn vietnamese_has_one_spelling() {
        let of_codes =
            Code::ALL.iter().flat_map(|code| [code.title(Language::Vietnamese), code.detail(Language::Vietnamese)]);
        for text in of_codes.chain(FaultCode::ALL.iter().map(|code| code.detail(Language::Vietnamese))) {
            for syllable in text.to_lowercase().split(|letter: char| !letter.is_alphabetic()) {
                let is_other =
                    ["oá", "oà", "oả", "oã", "oạ", "oé", "oè", "oẻ", "oẽ", "oẹ", "uý", "uỳ", "uỷ", "uỹ", "uỵ"];
                let is_other = is_other.iter().any(|end| syllable.ends_with(end)) && !syllable.starts_with("qu");
                assert!(!is_other, "{syllable} in: {text}");
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_blanks() {
        let blanks = |text: &'static str| {
            let mut blanks: Vec<_> = blanks(text).collect();
            blanks.sort_unstable();
            blanks
        };
        for code in Code::ALL {
            assert_eq!(blanks(code.detail(Language::Vietnamese)), blanks(code.detail(Language::English)));
        }
        for code in FaultCode::ALL {
            assert_eq!(blanks(code.detail(Language::Vietnamese)), blanks(code.detail(Language::English)));
        }
    }

    #[test]
    fn no_number_stands_before_what_it_counts_in_english() {
        let details = Code::ALL.iter().map(|code| code.detail(Language::English));
        for detail in details.chain(FaultCode::ALL.iter().map(|code| code.detail(Language::English))) {
            for counted in ["{count} ", "{limit} characters", "{limit} are", "{limit} items", "{limit} rows"] {
                assert!(!detail.contains(counted), "wrong of 1: {detail}");
            }
        }
    }

    #[test]
    fn every_blank_has_an_example() {
        let details = Code::ALL.iter().map(|code| code.detail(Language::English));
        for detail in details.chain(FaultCode::ALL.iter().map(|code| code.detail(Language::English))) {
            for blank in blanks(detail) {
                assert!(example_of(blank).is_some(), "example_of lacks {blank}");
            }
        }
    }
}
