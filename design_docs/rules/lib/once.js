// Written once: no second generation, whoever forged it (newDoc), and no edit of what stands here. An edit by
// hand looks like a first generation that was replicated, so there oldDoc tells; it only ever refuses.
var refuse = require('lib/refuse');

module.exports = function (type, doc, old) {
  if (old || (doc._revisions && doc._revisions.start > 1)) {
    refuse(type, '_rev', 'written once, never changed');
  }
};
