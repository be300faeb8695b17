// The meter's own number, its head and its PIN live only on the device.
var form = require('lib/forms');

exports.writers = ['researcher', 'worker', 'pull'];
exports.during = 'standing';
exports.deleters = ['researcher', 'worker', 'pull'];
exports.size = 4096;
exports.fields = {
  meter: form.uuid,
  meter_type: form.optional(form.one_of(['ELECTRICITY', 'PV_GENERATION'])),
  model: form.optional(form.text(1, 40)),
  device: form.optional(form.uuid)
};
exports.id = function (doc) { return 'meter:' + doc.meter; };
