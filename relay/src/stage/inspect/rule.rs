//! Which tables a PID may carry (TR 101 290, tables 5.0a to 5.0c).

use super::indicator::Indicator;
use super::pids::Tables;
use crate::wire::ids;

/// What the document says of the tables on a PID.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// What is wrong when the rule is broken.
    pub(super) indicator: Indicator,
    /// Whether the main table must come again and again.
    pub(super) comes_again: bool,
    main: u8,
    others: Others,
}

/// The tables that may come besides the main one.
#[derive(Clone, Copy, Debug)]
enum Others {
    Any,
    These(&'static [u8]),
    /// All tables of events, and stuffing.
    Events,
}

impl Rule {
    /// The rule for the PID of these tables.
    pub(super) const fn of(tables: Tables) -> Self {
        use Indicator::{
            CatError, EitActualError, NitActualError, PatError, PmtError, RstError, SdtActualError, TdtError,
        };
        let (indicator, main, comes_again, others) = match tables {
            Tables::Association => (PatError, ids::PAT, true, Others::These(&[])),
            Tables::ConditionalAccess => (CatError, ids::CAT, false, Others::These(&[])),
            // A map may share its PID with private sections.
            Tables::Map => (PmtError, ids::PMT, true, Others::Any),
            Tables::Network => (NitActualError, ids::NIT_ACTUAL, true, Others::These(&[ids::NIT_OTHER, ids::ST])),
            Tables::Service => {
                (SdtActualError, ids::SDT_ACTUAL, true, Others::These(&[ids::SDT_OTHER, ids::BAT, ids::ST]))
            }
            Tables::Event => (EitActualError, ids::EIT_PF_ACTUAL, true, Others::Events),
            Tables::RunningStatus => (RstError, ids::RST, false, Others::These(&[ids::ST])),
            Tables::Time => (TdtError, ids::TDT, true, Others::These(&[ids::TOT, ids::ST])),
            // No indicator is about them, and any table is allowed.
            Tables::Splice => (PmtError, ids::SPLICE_INFO, false, Others::Any),
        };
        Self { indicator, comes_again, main, others }
    }

    /// Whether this is the table that the PID is there for.
    pub(super) const fn is_main(&self, table_id: u8) -> bool {
        table_id == self.main
    }

    /// Whether this table may come on the PID.
    pub(super) fn allows(&self, table_id: u8) -> bool {
        self.is_main(table_id)
            || match self.others {
                Others::Any => true,
                Others::These(tables) => tables.contains(&table_id),
                Others::Events => matches!(table_id, ids::EIT_PF_ACTUAL..=ids::EIT_SCHEDULE_LAST | ids::ST),
            }
    }
}
