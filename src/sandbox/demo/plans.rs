//! Who pledges what in which campaign, and how often they tell of it.

use crate::entity::commitment::Cadence;

/// Who pledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Each unit, and the top of what is below it.
    Unit,
    /// So many members of each unit.
    Members(usize),
}

/// Which units take part.
#[derive(Clone, Copy, Debug)]
pub enum Among {
    /// All of them.
    All,
    /// This one and all right below it.
    Below(&'static str),
    /// This one alone.
    Only(&'static str),
    /// Those of this cluster.
    Cluster(&'static str),
}

/// A pledge of many alike, with one commitment.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub campaign: &'static str,
    /// Which notes and statements fit.
    pub topic: &'static str,
    /// What is pledged where no statement fits.
    pub statement: &'static str,
    pub by: By,
    pub among: Among,
    /// The target's ordinal.
    pub target: Option<i32>,
    pub title: &'static str,
    pub unit_of_measure: &'static str,
    pub cadence: Cadence,
    /// A check-in every so many days, give or take a half.
    pub every_days: i64,
    /// What one check-in says, from and to, in thousandths.
    pub amount: (i64, i64),
    /// The steps of that amount, in thousandths.
    pub step: i64,
    /// Does the note tell the number?
    pub note_tells: bool,
}

const WHOLE: i64 = 1_000;

/// All of them.
pub const PLANS: [Plan; 10] = [
    Plan {
        campaign: "trong-cay",
        topic: "cay",
        statement: "Đơn vị trồng và chăm sóc cây xanh theo chỉ tiêu được giao hằng năm.",
        by: By::Unit,
        among: Among::All,
        target: Some(1),
        title: "Cây xanh trồng mới của đơn vị",
        unit_of_measure: "cây",
        cadence: Cadence::Monthly,
        every_days: 30,
        amount: (22_000 * WHOLE, 66_000 * WHOLE),
        step: 10 * WHOLE,
        note_tells: false,
    },
    Plan {
        campaign: "trong-cay",
        topic: "cay",
        statement: "Tôi trồng và chăm sóc cây xanh quanh nơi ở và nơi làm việc.",
        by: By::Members(2),
        among: Among::All,
        target: Some(1),
        title: "Cây tự tay trồng và chăm sóc",
        unit_of_measure: "cây",
        cadence: Cadence::Monthly,
        every_days: 70,
        amount: (3 * WHOLE, 30 * WHOLE),
        step: WHOLE,
        note_tells: true,
    },
    Plan {
        campaign: "nha-tam",
        topic: "nha",
        statement: "Đơn vị giúp các hộ khó khăn trên địa bàn có nhà ở vững chắc.",
        by: By::Unit,
        among: Among::All,
        target: Some(1),
        title: "Căn nhà hoàn thành, bàn giao",
        unit_of_measure: "căn",
        cadence: Cadence::Monthly,
        every_days: 45,
        amount: (WHOLE, 4 * WHOLE),
        step: WHOLE,
        note_tells: false,
    },
    Plan {
        campaign: "nha-tam",
        topic: "nha",
        statement: "Tôi góp ngày công dựng nhà cho hộ khó khăn.",
        by: By::Members(1),
        among: Among::All,
        target: None,
        title: "Ngày công góp dựng nhà",
        unit_of_measure: "ngày công",
        cadence: Cadence::Monthly,
        every_days: 40,
        amount: (WHOLE / 2, 2 * WHOLE),
        step: WHOLE / 2,
        note_tells: false,
    },
    Plan {
        campaign: "dai-hoi-ubnd",
        topic: "kiosk",
        statement: "Đơn vị đưa kiosk dịch vụ công tự động vào phục vụ người dân.",
        by: By::Unit,
        among: Among::Below("ubnd"),
        target: Some(1),
        title: "Kiosk đưa vào sử dụng",
        unit_of_measure: "kiosk",
        cadence: Cadence::Weekly,
        every_days: 8,
        amount: (2 * WHOLE, 10 * WHOLE),
        step: WHOLE,
        note_tells: false,
    },
    Plan {
        campaign: "dai-hoi-ubnd",
        topic: "",
        statement: "Hoàn thành nền tảng chuyển đổi số của Đảng bộ trước ngày khai mạc đại hội.",
        by: By::Unit,
        among: Among::Only("ubnd"),
        target: Some(2),
        title: "Trang của nền tảng đưa vào sử dụng",
        unit_of_measure: "trang",
        cadence: Cadence::Once,
        every_days: 60,
        amount: (4 * WHOLE, 4 * WHOLE),
        step: WHOLE,
        note_tells: false,
    },
    Plan {
        campaign: "cao-diem",
        topic: "",
        statement: "Mỗi đợt thi đua hoàn thành ít nhất một công trình, phần việc chào mừng đại hội Đảng các cấp.",
        by: By::Unit,
        among: Among::All,
        target: None,
        title: "Công trình, phần việc chào mừng đại hội",
        unit_of_measure: "công trình",
        cadence: Cadence::Monthly,
        every_days: 75,
        amount: (WHOLE, 2 * WHOLE),
        step: WHOLE,
        note_tells: false,
    },
    Plan {
        campaign: "giao-uoc-2024",
        topic: "",
        statement: "Bốn đơn vị giao ước: trách nhiệm trong từng việc, nêu gương từ người đứng đầu, giữ kỷ cương và lấy hiệu quả làm thước đo.",
        by: By::Unit,
        among: Among::Cluster("cum-1-2024"),
        target: None,
        title: "Hoạt động chào mừng các ngày lễ lớn",
        unit_of_measure: "hoạt động",
        cadence: Cadence::Monthly,
        every_days: 26,
        amount: (WHOLE, 3 * WHOLE),
        step: WHOLE,
        note_tells: false,
    },
    Plan {
        campaign: super::campaigns::SHOWN,
        topic: "van-ban",
        statement: "Văn bản không mật của đơn vị được ký số và xử lý trên môi trường điện tử.",
        by: By::Unit,
        among: Among::All,
        target: Some(super::campaigns::SHOWN_TARGET),
        title: "Văn bản của đơn vị được ký số trên thiết bị di động",
        unit_of_measure: "văn bản",
        cadence: Cadence::Monthly,
        every_days: 30,
        amount: (60 * WHOLE, 180 * WHOLE),
        step: WHOLE,
        note_tells: false,
    },
    Plan {
        campaign: super::campaigns::SHOWN,
        topic: "van-ban",
        statement: "Tôi ký số và xử lý văn bản được giao trên thiết bị di động.",
        by: By::Members(2),
        among: Among::All,
        target: Some(super::campaigns::SHOWN_TARGET),
        title: "Văn bản tự tay ký số trên thiết bị di động",
        unit_of_measure: "văn bản",
        cadence: Cadence::Weekly,
        every_days: 14,
        amount: (3 * WHOLE, 20 * WHOLE),
        step: WHOLE,
        note_tells: true,
    },
];
