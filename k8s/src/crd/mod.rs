//! The objects by which the cluster is told what to keep on air: [`Flow`] and [`Handler`]; and to change many: [`Rollout`].
//!
//! What a flow is, [`relay::spec`] says for files, command lines and objects alike: the schemas here are made of its own.

mod case;
mod flow;
mod handler;
mod rollout;
mod rules;
mod status;
mod written;

#[cfg(test)]
mod tests;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use kube::CustomResourceExt;

pub use flow::{DEFAULT_INSTANCES, Flow, FlowSpec, Quality, RolloutPolicy};
pub use handler::{Handler, HandlerSpec};
pub use rollout::{DEFAULT_AT_A_TIME, FlowChange, FlowState, Rollout, RolloutPhase, RolloutSpec, RolloutStatus};
pub use status::{FlowRollout, FlowStatus, Instance, LastHandler, Mark, Measured, Phase, Proven};
pub use written::{InObjects, Written};

/// The definitions of all objects, with their rules.
pub fn definitions() -> [CustomResourceDefinition; 3] {
    [with_rules(Flow::crd()), Handler::crd(), with_rollout_rules(Rollout::crd())]
}

/// The definitions as YAML documents.
///
/// # Errors
/// When they cannot be written, which they can.
pub fn yaml() -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string_multiple(&definitions())
}

fn with_rules(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
    let schemas = definition.spec.versions.iter_mut().filter_map(|version| version.schema.as_mut());
    for object in schemas.filter_map(|schema| schema.open_api_v3_schema.as_mut()) {
        object.x_kubernetes_validations = Some(rules::of_object());
        let Some(spec) = property(object, "spec") else { continue };
        spec.x_kubernetes_validations = Some(rules::of_flow());
        let Some(JSONSchemaPropsOrArray::Schema(output)) = property(spec, "out").and_then(|out| out.items.as_mut())
        else {
            continue;
        };
        output.x_kubernetes_validations = Some(rules::of_output());
    }
    definition
}

fn with_rollout_rules(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
    let schemas = definition.spec.versions.iter_mut().filter_map(|version| version.schema.as_mut());
    for object in schemas.filter_map(|schema| schema.open_api_v3_schema.as_mut()) {
        if let Some(spec) = property(object, "spec") {
            spec.x_kubernetes_validations = Some(rules::of_rollout());
        }
    }
    definition
}

fn property<'a>(schema: &'a mut JSONSchemaProps, name: &str) -> Option<&'a mut JSONSchemaProps> {
    schema.properties.as_mut()?.get_mut(name)
}
