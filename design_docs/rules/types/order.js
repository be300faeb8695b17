// A signed request to a device; the device judges the signature.
var form = require('lib/forms');

exports.writers = ['researcher', 'worker', 'pull'];
exports.during = 'standing';
exports.deleters = ['researcher', 'worker', 'pull'];
exports.size = 65536;
exports.fields = {
  order: form.uuid,
  device: form.optional(form.uuid),
  at: form.optional(form.time),
  request: form.optional(form.text(1, 200))
};
exports.id = function (doc) { return 'order:' + doc.order; };
