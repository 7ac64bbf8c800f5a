//! Finding contacts that items would leave as they are.

use contacts_domain::contact::Record;
use contacts_domain::upsert::Recognition;

use super::Transactions;
use crate::connect::Failure;
use crate::statements::recognize::recognize;
use crate::statements::settings::check_version;

impl Transactions {
    /// The contacts that a recognition asks for.
    pub(crate) async fn recognize(
        &self,
        recognition: &Recognition,
    ) -> Result<Vec<Record>, Failure> {
        let _share = self.shares.take(recognition.organization).await?;
        let Recognition { organization, settings_version, .. } = recognition;
        let begin = self.begin_for(*organization);
        let session = self.pool.session().await?;
        // In one round trip.
        let ((), (), records) = tokio::try_join!(
            biased;
            session.begin(&begin),
            check_version(&session, *organization, *settings_version),
            recognize(&session, recognition),
        )?;
        session.rollback().await?;
        Ok(records)
    }
}
