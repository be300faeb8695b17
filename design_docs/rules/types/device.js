var form = require('lib/forms');

exports.writers = ['researcher', 'worker', 'pull'];
exports.during = 'standing';
exports.deleters = ['researcher', 'worker', 'pull'];
exports.size = 16384;
exports.fields = {
  device: form.uuid,
  name: form.optional(form.text(1, 200)),
  meters: form.optional(form.uuids)
};
exports.id = function (doc) { return 'device:' + doc.device; };
