// What must hold: the size, the type, each field's form, rules over several fields, the `_id` last, since it is
// made of fields that were checked by then.
var refuse = require('lib/refuse');
var RESERVED = ['_id', '_rev', '_revisions', 'type'];

module.exports = function (type, rules, doc, roles) {
  if (JSON.stringify(doc).length > rules.size) {
    refuse(type, 'document', 'at most ' + rules.size + ' characters');
  }
  if (doc.type !== type) {
    refuse(type, 'type', 'does not match the _id');
  }
  for (var field in rules.fields) {
    if (!rules.fields[field].holds(doc[field])) {
      refuse(type, field, rules.fields[field].rule);
    }
  }
  if (rules.closed) {
    Object.keys(doc).forEach(function (name) {
      if (RESERVED.indexOf(name) === -1 && !Object.prototype.hasOwnProperty.call(rules.fields, name)) {
        refuse(type, 'document', 'no other field belongs here');
      }
    });
  }
  if (rules.also) {
    rules.also.forEach(function (also) {
      if (!also.holds(doc, roles)) {
        refuse(type, also.field, also.rule);
      }
    });
  }
  if (doc._id !== rules.id(doc)) {
    refuse(type, '_id', 'does not match the content');
  }
};
