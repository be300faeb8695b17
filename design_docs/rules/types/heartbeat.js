// How a device is, over what it said before.
var form = require('lib/forms');

exports.writers = [];
exports.own_device = '';
exports.during = 'standing';
exports.size = 65536;
exports.fields = {
  device: form.uuid,
  at: form.optional(form.time),
  backlog: form.optional(form.count),
  refused: form.optional(form.count),
  conflicts: form.optional(form.count),
  certificate_ends: form.optional(form.time)
};
exports.id = function (doc) { return 'heartbeat:' + doc.device; };
