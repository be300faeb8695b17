// When: `granted`, `standing` (whatever the consent, unless erased) or `erased`. An erased database takes
// nothing but what is written while `erased`.
var refuse = require('lib/refuse');

module.exports = function (type, during, consent) {
  if (during === 'erased') {
    if (consent.erased !== true) {
      refuse(type, '_security.consent', 'this household is not erased');
    }
  } else if (consent.erased) {
    refuse(type, '_security.consent', 'this household was erased');
  } else if (during === 'granted' && consent.state !== 'granted') {
    refuse(type, '_security.consent', 'consent is not granted');
  }
};
