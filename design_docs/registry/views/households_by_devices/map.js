// Households by how many devices they have, then name.
function (doc) {
  if (doc.type === 'household_summary') {
    emit([doc.devices.length, doc.name || null], null);
  }
}
