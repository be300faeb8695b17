// Deletion: by the roles `deleters` of the types that have them, and bare, since a tombstone keeps the fields
// that it was given. What a device wrote is never deleted: it goes when the database goes.
var refuse = require('lib/refuse');
var BARE = ['_id', '_rev', '_revisions', '_deleted'];

module.exports = function (type, rules, doc, roles) {
  if (rules.deleters === undefined) {
    refuse(type, '_deleted', 'never deleted');
  }
  if (!rules.deleters.some(function (role) { return roles.indexOf(role) !== -1; })) {
    refuse(type, '_deleted', 'your account may not delete this type');
  }
  Object.keys(doc).forEach(function (field) {
    if (BARE.indexOf(field) === -1) {
      refuse(type, '_deleted', 'a tombstone holds no other field');
    }
  });
};
