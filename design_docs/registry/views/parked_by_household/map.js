// Documents that the worker could not take, by household and time; reduced: how many.
function (doc) {
  if (doc.type === 'parked') {
    emit([doc.household, doc.at], doc.reason);
  }
}
