// Who may write which document of a household, at the centre and on the device: docs/validator-rules.md.
// It runs for every document of every replication: keep it small. `_admin` is not exempt.
function (newDoc, oldDoc, userCtx, secObj) {
  require('lib/judge')(newDoc, oldDoc, userCtx.roles, (secObj && secObj.consent) || {});
}
