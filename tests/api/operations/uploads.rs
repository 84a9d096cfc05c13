//! Files on their way in: few at once, on the data's own disk, and nothing of them stays when one breaks off.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use actix_web::http::Method;

use super::command::{Place, Running, client, token_of};

/// How long a server may take to notice something, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const TAKEN: &str = "429";
const FULL: &str = "503";

/// A place with so many admins, and a server with these settings.
async fn serving(admins: &[&str], settings: &[(&str, &str)]) -> (Place, Running) {
    let place = Place::migrated().await;
    for name in admins {
        assert!(place.run(&["staff", "add", name, "--role", "admin"]).status.success());
    }
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0", "--no-relay"]);
    command.envs(settings.iter().copied());
    let server = Running::start(command);
    (place, server)
}

/// Sends the head of an upload and the first bytes of its body, and no more.
fn begin(server: &Running, token: &str) -> TcpStream {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "PUT /v1/me/avatar HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: image/png\r\nContent-Length: 100000\r\n\r\n\x7fnot all of it"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// What the server answers to an upload that is whole, though no picture.
async fn answer_to_whole(server: &Running, token: &str) -> (u16, Option<String>) {
    let request = client().request(Method::PUT.as_str().parse().unwrap(), format!("{}/v1/me/avatar", server.url));
    let answer =
        request.bearer_auth(token).header("Content-Type", "image/png").body("no picture").send().await.unwrap();
    let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), retry_after)
}

/// Asks until the answer is that one.
async fn until_answered(server: &Running, token: &str, expected: u16) {
    let begun = Instant::now();
    while answer_to_whole(server, token).await.0 != expected {
        assert!(begun.elapsed() < PATIENCE, "it was never {expected}");
    }
}

/// Waits until so many uploads have their place: each has a file.
fn wait_for_uploads(place: &Place, server: &Running, count: usize) {
    let folder = place.data.path().join("media/tmp").display().to_string();
    wait_for("an upload has no file, or keeps it", || open_files(server, &folder) == count);
}

/// The status line of what comes back.
fn status_of(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    String::from_utf8_lossy(&head[9..]).into_owned()
}

/// The files that a process has open in this folder.
fn open_files(server: &Running, folder: &str) -> usize {
    let links = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let targets = links.filter_map(|link| fs::read_link(link.unwrap().path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with(folder)).count()
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

#[actix_web::test]
async fn a_member_has_few_uploads_at_once_and_one_that_breaks_off_frees_its_place() {
    let (place, server) = serving(&["one", "two"], &[("THIDUA_MEDIA__UPLOADS_PER_MEMBER", "2")]).await;
    let (one, two) = (token_of(&place, &server, "one"), token_of(&place, &server, "two"));
    let (first, second) = (begin(&server, &one), begin(&server, &one));
    wait_for_uploads(&place, &server, 2);

    let (status, retry_after) = answer_to_whole(&server, &one).await;

    assert_eq!((status, retry_after.as_deref()), (429, Some("5")));
    assert_eq!(status_of(begin(&server, &one)), TAKEN);
    assert_eq!(answer_to_whole(&server, &two).await.0, 415);
    drop(first);
    until_answered(&server, &one, 415).await;
    drop(second);
}

#[actix_web::test]
async fn all_members_together_have_so_many_uploads_at_once() {
    let settings = [("THIDUA_MEDIA__UPLOADS_PER_MEMBER", "1"), ("THIDUA_MEDIA__UPLOADS_AT_ONCE", "2")];
    let (place, server) = serving(&["one", "two", "three"], &settings).await;
    let tokens = ["one", "two", "three"].map(|name| token_of(&place, &server, name));
    let held: Vec<_> = tokens[..2].iter().map(|token| begin(&server, token)).collect();
    wait_for_uploads(&place, &server, 2);

    let (status, retry_after) = answer_to_whole(&server, &tokens[2]).await;

    assert_eq!((status, retry_after.as_deref()), (503, Some("5")));
    assert_eq!(status_of(begin(&server, &tokens[2])), FULL);
    drop(held);
    until_answered(&server, &tokens[2], 415).await;
}

#[actix_web::test]
async fn a_file_that_comes_in_stands_on_the_disk_of_the_data_and_goes_with_its_request() {
    let (place, server) = serving(&["one"], &[]).await;
    let token = token_of(&place, &server, "one");
    let folder = place.data.path().join("media/tmp");

    let upload = begin(&server, &token);

    wait_for_uploads(&place, &server, 1);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "it has a name that a crash would leave");
    drop(upload);
    wait_for_uploads(&place, &server, 0);
}

#[actix_web::test]
async fn what_a_crash_has_left_of_temporary_files_goes_at_the_next_start() {
    let place = Place::migrated().await;
    let folder = place.data.path().join("media/tmp");
    fs::create_dir_all(&folder).unwrap();
    for (name, age) in [("old", "2 hours ago"), ("new", "now")] {
        fs::write(folder.join(name), "left over").unwrap();
        let touched = Command::new("touch").args(["--date", age]).arg(folder.join(name)).status().unwrap();
        assert!(touched.success());
    }

    let _server = place.start(&["serve", "--listen", "127.0.0.1:0", "--no-relay"]);

    let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["new"]);
}

#[actix_web::test]
async fn a_file_for_which_there_is_no_room_is_a_507_and_leaves_nothing() {
    let place = Place::migrated().await;
    assert!(place.run(&["staff", "add", "one", "--role", "admin"]).status.success());
    let server = place.start_limited(&["serve", "--listen", "127.0.0.1:0", "--no-relay"]);
    let token = token_of(&place, &server, "one");
    server.limit_files(8 * 1024 * 1024);
    let send = async |bytes: usize| {
        let boundary = "--------full";
        let field = |name: &str| format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
        let body = format!(
            "{}\r\n\r\nunits\r\n{}; filename=\"a.csv\"\r\n\r\nTên đơn vị\nChi bộ 1\n{}\r\n--{boundary}--\r\n",
            field("kind"),
            field("file"),
            "\n".repeat(bytes)
        );
        let request = client().post(format!("{}/v1/imports", server.url)).bearer_auth(&token).body(body);
        let request = request.header("Content-Type", format!("multipart/form-data; boundary={boundary}"));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };

    let (status, answer) = send(20 * 1024 * 1024).await;

    assert!(status == 507 && answer.contains("\"storage_full\""), "{status} {answer}");
    wait_for_uploads(&place, &server, 0);
    let (status, answer) = send(10).await;
    assert_eq!(status, 202, "{answer}");
    assert_eq!(place.database.count("SELECT id FROM import"), 1);
}
