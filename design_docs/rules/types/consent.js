// The decision. It outlives the erasure, so it has no room for a name. A revocation is never refused for who
// passes it on: a device offers again what a researcher recorded and a centre restored from a backup lacks.
var form = require('lib/forms');
var BY = ['role', 'device'];

exports.writers = ['page', 'pull', 'scope:consent', 'researcher'];
exports.during = 'standing';
exports.once = true;
exports.size = 2048;
exports.closed = true;
exports.fields = {
  state: form.one_of(['granted', 'revoked']),
  at: form.time,
  by: {
    rule: 'the role participant or researcher and the uuid of a device, or nothing; no name',
    holds: function (by) {
      return form.object.holds(by) && (by.role === 'participant' || by.role === 'researcher') &&
        form.optional(form.uuid).holds(by.device) &&
        Object.keys(by).every(function (key) { return BY.indexOf(key) !== -1; });
    }
  }
};
exports.also = [
  {
    field: 'by',
    rule: 'only a participant grants',
    holds: function (doc) { return doc.state === 'revoked' || doc.by.role === 'participant'; }
  },
  {
    field: 'by',
    rule: 'a researcher records only a revocation that came by letter, as a researcher',
    holds: function (doc, roles) {
      return (doc.state === 'revoked' && doc.by.role === 'researcher') ||
        ['page', 'pull', 'scope:consent'].some(function (role) { return roles.indexOf(role) !== -1; });
    }
  }
];
exports.id = function (doc) { return 'consent:' + doc.state; };
