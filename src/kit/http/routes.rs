//! Which operation a request is for, found once, before anything treats it in its own way.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{HttpMessage as _, HttpRequest, dev::ServiceRequest, http::Method, web::Data};
use matchit::Router;
use serde_json::Value;

use super::operation::Operation;

/// The paths of the OpenAPI document, with the operations at each.
#[derive(Default)]
pub struct Routes(Router<AtPath>);

/// The operations at one path.
#[derive(Default)]
struct AtPath {
    routes: Vec<(Method, Arc<Route>)>,
    /// The header `Allow`.
    allow: String,
}

/// Where a request goes.
#[derive(Debug)]
pub struct Route {
    /// The path as it is documented.
    pub path: String,
    /// The row of its operation.
    pub operation: &'static Operation,
}

/// The document and the table of operations do not fit each other.
#[derive(Debug, thiserror::Error)]
pub enum BadRoute {
    /// An operation has no row.
    #[error("the operation `{0}` has no row in the table of operations")]
    NoRow(String),
    /// A method is none of HTTP's.
    #[error("`{0}` is no method")]
    Method(String),
    /// Two paths cannot be told from each other.
    #[error("two paths of the document are in each other's way")]
    Path(#[from] matchit::InsertError),
}

impl Routes {
    /// Of the document, with the row of each of its operations.
    pub fn of(document: &Value, row: impl Fn(&str) -> Option<&'static Operation>) -> Result<Self, BadRoute> {
        let mut paths = BTreeMap::<&String, AtPath>::new();
        for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
            let at_path = paths.entry(path).or_default();
            for (method, operation) in item.as_object().into_iter().flatten() {
                let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
                let operation = row(id).ok_or_else(|| BadRoute::NoRow(id.to_owned()))?;
                let method = Method::from_bytes(method.to_uppercase().as_bytes())
                    .map_err(|_invalid| BadRoute::Method(method.clone()))?;
                at_path.routes.push((method, Arc::new(Route { path: path.clone(), operation })));
            }
            let mut methods: Vec<&str> = at_path.routes.iter().map(|(method, _)| method.as_str()).collect();
            if methods.contains(&"GET") {
                methods.push("HEAD");
            }
            methods.sort_unstable();
            at_path.allow = methods.join(", ");
        }
        let mut router = Router::new();
        for (path, at_path) in paths {
            router.insert(path.as_str(), at_path)?;
        }
        Ok(Self(router))
    }

    fn at(&self, path: &str) -> Option<&AtPath> {
        self.0.at(path).ok().map(|found| found.value)
    }

    /// The route of a request; none when there is nothing at its path, or its method is not taken there.
    pub fn route(&self, method: &Method, path: &str) -> Option<Arc<Route>> {
        let routes = &self.at(path)?.routes;
        routes.iter().find(|(taken, _)| taken == method).map(|(_, route)| Arc::clone(route))
    }

    /// The header `Allow` of a path; none when there is nothing at it.
    pub fn allow(&self, path: &str) -> Option<&str> {
        self.at(path).map(|at_path| at_path.allow.as_str())
    }
}

/// Finds the route of a request and leaves it with the request, for `route_of`.
pub fn find_route(request: &ServiceRequest) -> Option<Arc<Route>> {
    let routes = request.app_data::<Data<Routes>>()?;
    // Decoded as the router does it.
    let route = routes.route(request.method(), request.match_info().unprocessed())?;
    request.extensions_mut().insert(Arc::clone(&route));
    Some(route)
}

/// The route of a request; none where there is no operation.
pub fn route_of(request: &HttpRequest) -> Option<Arc<Route>> {
    request.extensions().get::<Arc<Route>>().cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kit::http::operation::Verdict;

    static ONE: Operation = Operation::new("one", None, [Verdict::Yes; 11]);
    static ALL: Operation = Operation::new("all", None, [Verdict::Yes; 11]);

    fn row(id: &str) -> Option<&'static Operation> {
        [&ONE, &ALL].into_iter().find(|row| row.id == id)
    }

    #[test]
    fn a_request_finds_its_operation_by_method_and_path() {
        let document = json!({"paths": {
            "/things/{id}": {"get": {"operationId": "one"}},
            "/things/all": {"post": {"operationId": "all"}},
        }});
        let routes = Routes::of(&document, row).unwrap();

        let one = routes.route(&Method::GET, "/things/1").unwrap();
        let all = routes.route(&Method::POST, "/things/all").unwrap();

        assert_eq!((one.operation.id, one.path.as_str()), ("one", "/things/{id}"));
        assert_eq!(all.operation.id, "all");
        assert!(routes.route(&Method::POST, "/things/1").is_none());
        assert_eq!((routes.allow("/things/1"), routes.allow("/things")), (Some("GET, HEAD"), None));
    }

    #[test]
    fn an_operation_without_a_row_is_an_error() {
        let document = json!({"paths": {"/things": {"get": {"operationId": "no_such"}}}});

        assert!(Routes::of(&document, row).is_err());
    }
}
