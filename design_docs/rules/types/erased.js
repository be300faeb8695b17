// A device's word that it erased its replica: the only thing that an erased household takes.
var form = require('lib/forms');

exports.writers = [];
exports.own_device = '';
exports.during = 'erased';
exports.once = true;
exports.size = 4096;
exports.fields = {
  device: form.uuid,
  at: form.optional(form.time),
  unsent_measurements: form.optional(form.count)
};
exports.id = function (doc) { return 'erased:' + doc.device; };
