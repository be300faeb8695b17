// Who takes part. A researcher corrects it; it goes with the whole database, or by the worker alone.
var form = require('lib/forms');

exports.writers = ['researcher', 'worker', 'pull'];
exports.during = 'standing';
exports.deleters = ['worker', 'pull'];
exports.size = 16384;
exports.fields = {
  contact: form.optional(form.object),
  address: form.optional(form.object),
  metadata: form.optional(form.object)
};
exports.id = function () { return 'registration'; };
