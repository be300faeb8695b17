// The order of the questions. What is let in is judged from newDoc, the roles and `_security` alone: under
// replication oldDoc is the nearest stored ancestor on the revision's own branch and can be null. Where there
// is one it can only close (lib/once).
var refuse = require('lib/refuse');
var types = require('lib/types');
var standing = require('lib/standing');
var writer = require('lib/writer');
var tombstone = require('lib/tombstone');
var once = require('lib/once');
var content = require('lib/content');

module.exports = function (doc, old, roles, consent) {
  var type = doc._id.split(':', 1)[0];
  if (!Object.prototype.hasOwnProperty.call(types, type)) {
    refuse('document', '_id', 'no document of this type belongs here');  // not named: an id may be anything
  }
  var rules = types[type];
  standing(type, rules.during, consent);
  if (doc._deleted) {
    tombstone(type, rules, doc, roles);
    return;
  }
  writer(type, rules, doc, roles);
  if (doc._attachments !== undefined) {
    refuse(type, '_attachments', 'no attachment belongs here');
  }
  if (rules.once) {
    once(type, doc, old);
  }
  content(type, rules, doc, roles);
};
